"""The website configuration of a bucket: its checks, its stored form, its XML.

The stored form has the keys ``indexDocument``, ``errorDocument``, ``redirectAllRequestsTo`` (``hostName``,
``protocol``) and ``routingRules`` (a list of ``redirect`` and ``condition``), each only when it was given.

Source: cloudserver lib/api/apiUtils/bucket/bucketWebsite.js; Arsenal lib/models/WebsiteConfiguration.ts.
"""

from __future__ import annotations

from typing import Any

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.elements import Element, child, children, document_of, text
from fake_cloudserver.s3.javascript import parse_int
from fake_cloudserver.s3.xml import NS, escape

# XML name -> stored name, in stored order: it is the order of the answer
_REDIRECT = {
    "Protocol": "protocol",
    "HttpRedirectCode": "httpRedirectCode",
    "HostName": "hostName",
    "ReplaceKeyPrefixWith": "replaceKeyPrefixWith",
    "ReplaceKeyWith": "replaceKeyWith",
}
_CONDITION = {
    "KeyPrefixEquals": "keyPrefixEquals",
    "HttpErrorCodeReturnedEquals": "httpErrorCodeReturnedEquals",
}


def parse_website(body: bytes) -> dict[str, Any]:
    """The stored form of the XML in ``body``.

    Raises:
        S3Error: MissingRequestBodyError for an empty body; MalformedXML, InvalidArgument or InvalidRequest for the
            first fault.
    """
    if not body:
        raise S3Error("MissingRequestBodyError")
    root: Element | None = document_of(body).get("WebsiteConfiguration")
    if not root:
        raise S3Error("MalformedXML", "Invalid website configuration xml")
    redirect_all = child(root, "RedirectAllRequestsTo")
    if redirect_all is None and not children(root, "IndexDocument"):
        raise S3Error(
            "InvalidArgument", "Value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
        )
    if redirect_all is not None:
        if any(children(root, name) for name in ("IndexDocument", "ErrorDocument", "RoutingRules")):
            raise S3Error(
                "InvalidRequest", "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
            )
        return {"redirectAllRequestsTo": _parse_redirect_all(redirect_all)}
    configuration: dict[str, Any] = {"indexDocument": _parse_index(children(root, "IndexDocument"))}
    if error_documents := children(root, "ErrorDocument"):
        configuration["errorDocument"] = _parse_error_document(error_documents)
    if routing_rules := children(root, "RoutingRules"):
        rules = children(routing_rules[0], "RoutingRule") if len(routing_rules) == 1 else []
        if not rules:
            raise S3Error("MalformedXML", "RoutingRules is not well-formed")
        configuration["routingRules"] = [_parse_rule(rule) for rule in rules]
    return configuration


def _only(elements: list[Element], name: str) -> Element | None:
    """The only child of that name of the only element."""
    found = children(elements[0], name) if len(elements) == 1 else []
    return found[0] if len(found) == 1 else None


def _parse_redirect_all(element: Element) -> dict[str, str]:
    host = _only([element], "HostName")
    if host is None:
        raise S3Error("MalformedXML", "RedirectAllRequestsTo not well-formed")
    if not host:
        raise S3Error("InvalidRequest", "Valid HostName required in RedirectAllRequestsTo")
    redirect = {"hostName": text(host)}
    protocol = child(element, "Protocol")
    if protocol is not None:
        redirect["protocol"] = _parse_protocol(protocol)
    return redirect


def _parse_protocol(element: Element) -> str:
    if element not in ("http", "https"):
        raise S3Error(
            "InvalidRequest",
            "Invalid protocol, protocol can be http or https. If not defined, the protocol will be selected "
            "automatically.",
        )
    return str(element)


def _parse_index(elements: list[Element]) -> str:
    suffix = _only(elements, "Suffix")
    if suffix is None:
        raise S3Error("MalformedXML", "IndexDocument is not well-formed")
    if not suffix or "/" in suffix:
        raise S3Error("InvalidArgument", "IndexDocument Suffix is not well-formed")
    return text(suffix)


def _parse_error_document(elements: list[Element]) -> str:
    key = _only(elements, "Key")
    if key is None:
        raise S3Error("MalformedXML", "ErrorDocument is not well-formed")
    if not key:
        raise S3Error("InvalidArgument", "ErrorDocument Key is not well-formed")
    return text(key)


def _parse_rule(rule: Element) -> dict[str, Any]:
    redirect = _only([rule], "Redirect")
    if redirect is None:
        raise S3Error("MalformedXML", "RoutingRule requires Redirect, which is missing or not well-formed")
    parsed: dict[str, Any] = {"redirect": _parse_redirect(redirect)}
    condition = child(rule, "Condition")
    if condition is not None:
        parsed["condition"] = _parse_condition(condition)
    return parsed


def _parse_redirect(redirect: Element) -> dict[str, Any]:
    given = {name: child(redirect, name) for name in _REDIRECT}
    if all(element is None for element in given.values()):
        raise S3Error(
            "MalformedXML",
            "Redirect must contain at least one of following: Protocol, HostName, ReplaceKeyPrefixWith, "
            "ReplaceKeyWith, or HttpRedirectCode element",
        )
    parsed: dict[str, Any] = {}
    for name, element in given.items():
        if element is None:
            continue
        if name == "Protocol":
            parsed["protocol"] = _parse_protocol(element)
        elif name == "HttpRedirectCode":
            parsed["httpRedirectCode"] = _parse_redirect_code(element)
        else:
            parsed[_REDIRECT[name]] = text(element)
    if "replaceKeyPrefixWith" in parsed and "replaceKeyWith" in parsed:
        raise S3Error("InvalidRequest", "Redirect must not contain both ReplaceKeyWith and ReplaceKeyPrefixWith")
    return parsed


def _parse_redirect_code(element: Element) -> int:
    code = parse_int(element) if isinstance(element, str) else None
    if code is None:
        raise S3Error(
            "MalformedXML", "The provided HTTP redirect code is not valid. It should be a string containing a number."
        )
    if not 300 < code < 400:
        raise S3Error(
            "InvalidRequest",
            f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300",
        )
    return code


def _parse_condition(condition: Element) -> dict[str, Any]:
    prefix, code = (child(condition, name) for name in _CONDITION)
    if prefix is None and code is None:
        raise S3Error(
            "InvalidRequest",
            "Condition is not well-formed. Condition should contain valid KeyPrefixEquals or "
            "HttpErrorCodeReturnEquals element.",
        )
    parsed: dict[str, Any] = {}
    if prefix is not None:
        if not prefix:
            raise S3Error("InvalidArgument", "Condition KeyPrefixEquals is not well-formed")
        parsed["keyPrefixEquals"] = text(prefix)
    if code is not None:
        parsed["httpErrorCodeReturnedEquals"] = _parse_error_code(code)
    return parsed


def _parse_error_code(element: Element) -> int:
    code = parse_int(element) if isinstance(element, str) else None
    if code is None:
        raise S3Error(
            "MalformedXML", "The provided HTTP error code is not valid. It should be a string containing a number."
        )
    if not 400 <= code < 600:
        raise S3Error(
            "InvalidRequest", f"The provided HTTP error code ({code}) is not valid. Valid codes are 4XX or 5XX."
        )
    return code


def to_xml(configuration: dict[str, Any]) -> str:
    """The document that GET answers."""
    parts = []
    if "indexDocument" in configuration:
        parts.append(f"<IndexDocument><Suffix>{escape(configuration['indexDocument'])}</Suffix></IndexDocument>")
    if "errorDocument" in configuration:
        parts.append(f"<ErrorDocument><Key>{escape(configuration['errorDocument'])}</Key></ErrorDocument>")
    if "redirectAllRequestsTo" in configuration:
        names = {"HostName": "hostName", "Protocol": "protocol"}
        parts.append(_elements("RedirectAllRequestsTo", names, configuration["redirectAllRequestsTo"]))
    if "routingRules" in configuration:
        rules = "".join(
            f"<RoutingRule>{_elements('Condition', _CONDITION, rule.get('condition', {}))}"
            f"{_elements('Redirect', _REDIRECT, rule['redirect'])}</RoutingRule>"
            for rule in configuration["routingRules"]
        )
        parts.append(f"<RoutingRules>{rules}</RoutingRules>")
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<WebsiteConfiguration {NS}>{''.join(parts)}</WebsiteConfiguration>"
    )


def _elements(parent: str, names: dict[str, str], values: dict[str, Any]) -> str:
    """``values`` as children of ``parent``; nothing for no values."""
    inner = "".join(
        f"<{name}>{escape(str(values[stored]))}</{name}>" for name, stored in names.items() if stored in values
    )
    return f"<{parent}>{inner}</{parent}>" if inner else ""
