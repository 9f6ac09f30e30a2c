"""What a strict SAX parser says of text that is no XML.

The AWS client library of the real server quotes it when a remote answers with an HTML page. The scanner knows the
faults that such pages and plain texts have; it is no parser, and finds nothing wrong in much that is.
"""

from __future__ import annotations

import re

_WHITE = " \t\r\n"
_NAME_END = re.compile(r"[\s=/>]|$")


class _Fault(Exception):  # noqa: N818  (never leaves this module)
    def __init__(self, reason: str, position: int) -> None:
        self.reason = reason
        self.position = position
        super().__init__(reason)


def first_fault(text: str) -> str | None:
    """``Unquoted attribute value\\nLine: 1\\nColumn: 12\\nChar: e``: lines counted from 0, columns from 1.

    None when the scanner finds no fault, as in an empty text.
    """
    text = text.removeprefix("\ufeff")
    try:
        _scan(text)
    except _Fault as fault:
        before = text[: fault.position]
        line = before.count("\n")
        at_end = fault.position >= len(text)
        column = fault.position - (before.rfind("\n") + 1) + (0 if at_end else 1)
        char = "" if at_end else text[fault.position]
        return f"{fault.reason}\nLine: {line}\nColumn: {column}\nChar: {char}"
    return None


def _scan(text: str) -> None:
    open_tags: list[str] = []
    seen_tag = False
    position = 0
    while position < len(text):
        if text[position] != "<":
            if not seen_tag and text[position] not in _WHITE:
                raise _Fault("Non-whitespace before first tag.", position)
            position += 1
        elif text.startswith(("<!", "<?"), position):
            position = _skip_declaration(text, position)
        else:
            seen_tag = True
            position = _scan_tag(text, position, open_tags)
        if seen_tag and not open_tags:
            return  # what comes after the root is not looked at
    if open_tags:
        raise _Fault("Unclosed root tag", len(text))


def _skip_declaration(text: str, position: int) -> int:
    closing = "-->" if text.startswith("<!--", position) else "]]>" if text.startswith("<![", position) else ">"
    end = text.find(closing, position)
    return len(text) if end < 0 else end + len(closing)


def _scan_tag(text: str, position: int, open_tags: list[str]) -> int:
    closing = text.startswith("</", position)
    position += 2 if closing else 1
    end = _name_end(text, position)
    name = text[position:end]
    position = _skip_attributes(text, end)
    if closing:
        if not open_tags:
            raise _Fault(f"Unmatched closing tag: {name}", position)
        if open_tags[-1] != name:
            raise _Fault("Unexpected close tag", position)
        open_tags.pop()
    elif text[position - 1 : position] != "/":
        open_tags.append(name)
    return position + 1


def _skip_attributes(text: str, position: int) -> int:
    """To the closing angle bracket of a tag."""
    while True:
        position = _skip_white(text, position)
        if text[position] == ">":
            return position
        if text[position] == "/":
            position += 1
            continue
        position = _skip_white(text, _name_end(text, position))
        if text[position] != "=":
            raise _Fault("Attribute without value", position)
        position = _skip_white(text, position + 1)
        quote = text[position]
        if quote not in {'"', "'"}:
            raise _Fault("Unquoted attribute value", position)
        end = text.find(quote, position + 1)
        if end < 0:
            raise _Fault("Unexpected end", len(text))
        position = end + 1


def _name_end(text: str, position: int) -> int:
    found = _NAME_END.search(text, position)
    return len(text) if found is None else found.start()


def _skip_white(text: str, position: int) -> int:
    """To the next character of a tag that is not white; a tag cannot end before its bracket."""
    while position < len(text) and text[position] in _WHITE:
        position += 1
    if position == len(text):
        raise _Fault("Unexpected end", position)
    return position
