"""XML and JSON documents compared by what they say, not by how they are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.tape import fields, json_text
from harness.tape.aliases import is_alias
from harness.tape.differences import Findings
from harness.tape.xml_text import Element

#: Elements whose children come in an order that is free: CloudServer deletes many keys at once.
_UNORDERED = frozenset({"DeleteResult"})


def compare_xml(recorded: Element, live: Element, findings: Findings, where: str = "body", parent: str = "") -> None:
    """Two elements and everything below them; attributes are form."""
    where = f"{where}/{recorded.name}"
    if recorded.tag != live.tag:
        findings.differ(where, recorded.tag, live.tag)
        return
    if recorded.attributes != live.attributes:
        findings.differ(where, recorded.attributes, live.attributes, only_exact=True)
    if recorded.children or live.children:
        findings.value(where, None, recorded.text.strip(), live.text.strip())
    else:
        _text(where, fields.xml_kind(recorded.name, parent), recorded.text, live.text, findings)
    ours, theirs = recorded.children, live.children
    if recorded.name in _UNORDERED:
        ours, theirs = _sorted(ours, findings), _sorted(theirs, findings, live=True)
    names, live_names = [child.tag for child in ours], [child.tag for child in theirs]
    inner = findings
    if names != live_names:
        findings.differ(f"{where} children", [c.name for c in ours], [c.name for c in theirs])
        inner = Findings(findings.bindings)  # what can be paired is still learnt from
    for one, other in zip(ours, theirs, strict=False):
        if one.tag == other.tag:
            compare_xml(one, other, inner, where, recorded.name)


def _text(where: str, kind: str | None, recorded: str, live: str, findings: Findings) -> None:
    if (recorded == "") != (live == "") and kind != "secret":
        findings.differ(where, recorded, live)
        return
    findings.value(where, kind, recorded, live)


def _sorted(children: list[Element], findings: Findings, *, live: bool = False) -> list[Element]:
    return sorted(children, key=lambda child: json.dumps(_shape(child, "", findings, live=live)))


def _shape(element: Element, parent: str, findings: Findings, *, live: bool) -> list[Any]:
    """What an element is sorted by: ids that are known by now count, new ones and times do not."""
    text = element.text
    kind = fields.xml_kind(element.name, parent)
    if kind is not None:
        alias = findings.bindings.alias_of(kind, text) if live else text
        text = alias if is_alias(alias) and alias in findings.bindings else ""
    return [element.tag, text, [_shape(child, element.name, findings, live=live) for child in element.children]]


def compare_json(where: str, recorded: Any, live: Any, findings: Findings, kind: str | None = None) -> None:
    """Two values and everything in them; the order of properties is form."""
    if isinstance(recorded, dict) and isinstance(live, dict):
        _objects(where, recorded, live, findings)
    elif isinstance(recorded, list) and isinstance(live, list):
        if len(recorded) != len(live):
            findings.differ(f"{where} length", len(recorded), len(live))
        for index, (one, other) in enumerate(zip(recorded, live, strict=False)):
            compare_json(f"{where}[{index}]", one, other, findings)
    else:
        findings.value(where, kind, recorded, live)


def _objects(where: str, recorded: Mapping[str, Any], live: Mapping[str, Any], findings: Findings) -> None:
    for name in sorted(recorded.keys() | live.keys()):
        place = f"{where}.{name}"
        if name not in live:
            findings.add(place, f"recorded {json_text.compact(recorded[name]):.160}, missing here")
        elif name not in recorded:
            findings.add(place, f"not recorded, here {json_text.compact(live[name]):.160}")
        elif name in fields.NESTED_JSON:
            compare_json(place, _nested(recorded[name]), _nested(live[name]), findings)
        else:
            compare_json(place, recorded[name], live[name], findings, fields.json_kind(name, recorded))


def _nested(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json_text.parse(value)
    except ValueError:
        return value
