"""Valid XML and JSON documents, spoilt: as trees first, as bytes after."""

from __future__ import annotations

import copy
import json
import xml.etree.ElementTree as ET
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

from support.fuzzing.values import texts

_DEEP = 1500

#: Documents that are none, or barely.
ODD_BODIES = (
    b"", b" ", b"\n\t ", b"<", b"<a", b"<a>", b"</a>", b"<a/>", b"<a></b>", b"\xef\xbb\xbf<a/>", b"\xff\xfe<\x00a\x00/\x00>\x00",
    b'<?xml version="1.0" encoding="UTF-16"?><a/>', b'<?xml version="1.0" encoding="no-such"?><a/>',
    b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', b"<a>&b;</a>",
    b"<a>\x00</a>", b"<a>\xff</a>", b"<a><![CDATA[x]]></a>", b"<a b='1' b='2'/>", b"<:a/>", b"<a:b xmlns:a='x'/>",
    b"<a>" * _DEEP, b"<a>" * _DEEP + b"</a>" * _DEEP, b"[" * 100_000, b'{"a":' * 100_000, b"null", b"true", b"0", b'"x"',
    b"[]", b"{}", b"[null]", b"NaN", b"1e999", b"-", b"1" * 5000, b'{"a":' + b"9" * 5000 + b"}", b'"\\ud800"', b"{'a':1}",
    b'{"a":1,"a":2}', b'{"__proto__":{}}', b"[1,]", b"\xff", b"\x00", b"0\r\n\r\n",
)  # fmt: skip


# -- XML ---------------------------------------------------------------------------------------------------------------


@st.composite
def spoilt_xml(draw: st.DrawFn, document: str) -> bytes:
    """``document`` after one to three changes of its tree, now and then of its bytes as well."""
    root = ET.fromstring(document)
    for _ in range(draw(st.integers(1, 3))):
        _change(draw, root)
    text = _serialise(root)
    return draw(spoilt_bytes(text.encode("utf-8", "surrogatepass")))


def _change(draw: st.DrawFn, root: ET.Element) -> None:
    parents = {child: parent for parent in root.iter() for child in parent}
    node = draw(st.sampled_from(list(root.iter())))
    parent = parents.get(node)
    kinds = ["text", "attribute", "rename", "child"] + (
        ["remove", "repeat", "empty", "move"] if parent is not None else []
    )
    match draw(st.sampled_from(kinds)):
        case "text":
            node.text = draw(texts())
        case "attribute":
            node.set(draw(st.sampled_from(["a", "xmlns", "xml:lang", "_", "$"])), draw(texts()))
        case "rename":
            node.tag = draw(st.sampled_from(["Foo", "Rule", "Status", "Key", "ID", "Id", node.tag.lower(), "n:Rule"]))
        case "child":
            node.append(copy.deepcopy(draw(st.sampled_from(list(root.iter())))))
        case "remove" if parent is not None:
            parent.remove(node)
        case "repeat" if parent is not None:
            parent.extend([copy.deepcopy(node) for _ in range(draw(st.sampled_from([1, 2, 101, 1001])))])
        case "empty" if parent is not None:
            for child in list(node):
                node.remove(child)
            node.text = None
        case "move" if parent is not None:
            parent.remove(node)
            root.append(node)


def _serialise(node: ET.Element) -> str:
    """By hand: what no parser would accept has to come out as well."""
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in node.attrib.items())
    content = escape(node.text or "") + "".join(_serialise(child) for child in node)
    return f"<{node.tag}{attributes}>{content}</{node.tag}>"


# -- JSON --------------------------------------------------------------------------------------------------------------

_LEAVES: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, 1e300, float("nan"), 10**30, "", " ", "null", "undefined", [], {}, [None], [[]],
    {"a": 1}, {"": ""}, "\ud800", "\x00", "2026-01-01T00:00:00.000Z", "aws-site", "us-east-1", "*", ["*"],
]  # fmt: skip


@st.composite
def spoilt_json(draw: st.DrawFn, document: str) -> bytes:
    """``document`` after one to three changes of its tree, now and then of its bytes as well."""
    holder = [json.loads(document)]
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(holder))
        container, index = draw(st.sampled_from(places))
        kind = draw(st.sampled_from(["replace", "text", "remove", "add", "wrap"]))
        value = container[index]
        if kind == "remove" and container is not holder:
            del container[index]
        elif kind == "add" and isinstance(value, dict):
            value[draw(texts())] = draw(st.sampled_from(_LEAVES))
        elif kind == "add" and isinstance(value, list):
            value.append(draw(st.sampled_from(_LEAVES)))
        elif kind == "wrap":
            container[index] = [value]
        elif kind == "text":
            container[index] = draw(texts())
        else:
            container[index] = copy.deepcopy(draw(st.sampled_from(_LEAVES)))
    return draw(spoilt_bytes(json.dumps(holder[0], ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")))


def _places(container: Any) -> Any:
    indices = list(container) if isinstance(container, dict) else range(len(container))
    for index in indices:
        yield container, index
        if isinstance(container[index], list | dict):
            yield from _places(container[index])


# -- bytes -------------------------------------------------------------------------------------------------------------


@st.composite
def spoilt_bytes(draw: st.DrawFn, data: bytes) -> bytes:
    """Mostly as they are."""
    match draw(st.sampled_from(["keep"] * 8 + ["cut", "insert", "prefix"])):
        case "cut":
            return data[: draw(st.integers(0, len(data)))]
        case "insert":
            at = draw(st.integers(0, len(data)))
            return data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[at:]
        case "prefix":
            return draw(st.sampled_from([b"\xef\xbb\xbf", b" ", b'<?xml version="1.0"?>', b"\x00", b"\xff\xfe"])) + data
    return data


def spoilt(document: str) -> st.SearchStrategy[bytes]:
    """A spoilt body in place of ``document``."""
    if document.startswith("<"):
        changed = spoilt_xml(document)
    elif document.startswith(("{", "[")):
        changed = spoilt_json(document)
    else:
        changed = st.binary(max_size=40)
    return st.one_of(changed, changed, changed, st.sampled_from(ODD_BODIES))
