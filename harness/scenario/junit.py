"""Results as JUnit XML, in the form that CI servers read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from xml.etree import ElementTree as ET

from harness.scenario.results import Outcome, Result

#: What XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(results: Sequence[Result]) -> str:
    """One suite; a case for each run, under the name of its file."""
    outcomes = [result.outcome for result in results]
    suite = ET.Element(
        "testsuite",
        name="scenarios",
        tests=str(len(results)),
        failures=str(outcomes.count(Outcome.FAILED)),
        errors=str(outcomes.count(Outcome.BROKEN)),
        skipped=str(outcomes.count(Outcome.SKIPPED)),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        suite.append(_case(result))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(result: Result) -> ET.Element:
    scenario = result.run.scenario
    file = PurePath(scenario.place.file)
    case = ET.Element(
        "testcase",
        classname=".".join(_clean(part) for part in file.with_suffix("").parts if part not in {"/", ".", ".."}),
        name=_clean(result.run.title),
        file=_clean(str(file)),
        line=str(scenario.place.line),
        time=f"{result.seconds:.3f}",
    )
    properties = ET.SubElement(case, "properties")
    for name, value in (("dialect", result.run.dialect), ("seed", str(result.seed)), ("about", scenario.about)):
        ET.SubElement(properties, "property", name=name, value=_clean(value))
    if result.failure is not None:
        kind = "failure" if result.outcome is Outcome.FAILED else "error"
        message = _clean(f"{result.failure.place}: {'; '.join(result.failure.reasons)}")
        ET.SubElement(case, kind, message=message).text = _clean("\n".join(result.failure.lines()))
    elif result.outcome is Outcome.SKIPPED:
        ET.SubElement(case, "skipped", message=_clean(result.reason))
    if result.warnings:
        ET.SubElement(case, "system-out").text = _clean("\n".join(result.warnings))
    return case


def _clean(text: str) -> str:
    """What XML cannot hold as an escape that people can read."""
    return _FORBIDDEN.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
