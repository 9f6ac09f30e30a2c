"""Routing rules of a website: which one applies, and where it leads. IO-free.

Source: cloudserver lib/api/apiUtils/object/websiteServing.js; Arsenal lib/s3routes/routesUtils.ts (redirectRequest).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

#: ``protocol``, ``hostName``, ``httpRedirectCode``, ``replaceKeyWith``, ``replaceKeyPrefixWith``, all optional;
#: and ``prefixFromRule``, the prefix that the rule was chosen by.
Redirect: TypeAlias = Mapping[str, Any]


def matching_rule(rules: Sequence[Mapping[str, Any]], key: str, status: int | None) -> Redirect | None:
    """The redirect of the first rule whose conditions hold; None where none does.

    A rule without any condition never holds, and those behind it are not looked at.

    Args:
        key: as it was asked for.
        status: of the error that is about to be answered; None before there is any.
    """
    for rule in rules:
        condition = rule.get("condition", {})
        prefix, code = condition.get("keyPrefixEquals"), condition.get("httpErrorCodeReturnedEquals")
        if prefix is None and code is None:
            return None
        if prefix is not None and not key.startswith(prefix):
            continue
        if code is not None and code != status:
            continue
        redirect = dict(rule["redirect"])
        return redirect if prefix is None else {"prefixFromRule": prefix, **redirect}
    return None


def location_of(redirect: Redirect, key: str, host: str) -> str:
    """The URL that a redirect leads to; ``host`` is where it came from, port included.

    Any protocol gives ``https``: the real server reads its own condition so.
    """
    if "replaceKeyWith" in redirect:
        key = redirect["replaceKeyWith"]
    elif "replaceKeyPrefixWith" in redirect:
        prefix = redirect.get("prefixFromRule", "")
        key = redirect["replaceKeyPrefixWith"] + key.removeprefix(prefix)
    protocol = "https" if redirect.get("protocol") else "http"
    return f"{protocol}://{redirect.get('hostName') or host}/{key}"
