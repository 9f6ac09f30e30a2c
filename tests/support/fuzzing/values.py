"""Texts that parsers trip over."""

from __future__ import annotations

import string

from hypothesis import strategies as st

#: What stands for the version ids and upload ids of a session: they are known only once it has begun.
TOKENS = ("@VERSION@", "@OLD_VERSION@", "@MARKER@", "@UPLOAD@", "@OTHER_UPLOAD@", "@REMOTE_VERSION@", "@INTERNAL@")

NUMBERS = (
    "0", "1", "2", "-1", "+1", "01", "1.5", "1e3", "0x10", " 1", "1 ", "1001", "10000", "10001", "2147483648",
    "99999999999999999999999", "-99999999999999999999999", "9" * 5000, "NaN", "Infinity", "-Infinity", "-0", "٣", "²",
    "1_000", "",
)  # fmt: skip

DATES = (
    "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", "2026-02-30T00:00:00Z", "0000-00-00", "9999-12-31T24:00:00Z",
    "-000001-01-01T00:00:00Z", "+275760-09-13", "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 32 Foo 2026 99:99:99 GMT",
    "20260101T000000Z", "19700101T000000Z", "20261399T999999Z", "1", "99999999999999999999", "2026", "24:00", "yesterday",
    "10000-01-01", "01/02/03", "2026-01-01T00:00:00+99:99",
)  # fmt: skip

WORDS = (
    "null", "undefined", "true", "false", "Enabled", "Suspended", "url", "urlx", "*", "/", "//", ".", "..", "?", "&", "=",
    "@", "[object Object]", "constructor", "__proto__", "toString", "<", "]]>", "&amp;", "&lt;a", "'", '"', "\\", "{}",
    "[]", "bucket/key", "plain/key", "/plain/key?versionId=null", "versioned", "us-east-1", "aws-site", "dead-site",
    "cold", "arn:aws:s3:::plain", "arn:aws:iam::123456789012:role/crr", "AES256", "aws:kms", "STANDARD", "GLACIER", "COPY",
    "REPLACE", "GOVERNANCE", "COMPLIANCE", "ON", "OFF", "private", "public-read-write", "bytes=0-1", "bytes=-0",
    "bytes=1-0", "bytes=9" + "9" * 30 + "-", "a=b", "a=b&a=c", "a=%zz", "%", "%41", "%ff", "+", "a" * 1100, "id=x", 'id="x"',
    "emailAddress=x@y", "uri=http://acs.amazonaws.com/groups/global/AllUsers", "http://h/", "https://", "aws_s3", "azure",
    "aws_s3,azure", '{"a":"b"}', '{"a":1}', "[{}]", '"', "d41d8cd98f00b204e9800998ecf8427e", "1B2M2Y8AsgTpgAmY7PhCfQ==",
    "==", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "UNSIGNED-PAYLOAD", "METADATA",
    "6e756c6c", "3938353030363133303437363339393939393939524730303120203130", "aJdO148N3LjN00000000001I4j3QKItW",
    "../../etc/passwd", "a..b", "..|..", "key..|..upload", "\u00e9", "\u2028", "\ufeff", "\ufffe", "\U0001f600", "\u0130",
    "\x00", "\x01", "\x7f", "\x85", "\xa0", "\t", " ", "\ud800", "\udfff\ud800",
)  # fmt: skip

_ANY_TEXT = st.text(max_size=30)
_PLAIN_TEXT = st.text(string.ascii_letters + string.digits + "-_./ ", max_size=20)


def texts() -> st.SearchStrategy[str]:
    """Any text a parser may be handed, lone surrogates included."""
    return st.one_of(
        st.sampled_from(WORDS), st.sampled_from(NUMBERS), st.sampled_from(DATES), st.sampled_from(TOKENS), _PLAIN_TEXT,
        _ANY_TEXT,
    )  # fmt: skip


def without_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
