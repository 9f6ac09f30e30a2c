"""The verbs that make things go wrong."""

from __future__ import annotations

from typing import Any

from harness.errors import UsageError
from harness.faults.description import RULE, why_wrong
from harness.faults.rules import Fired
from harness.scenario import shapes
from harness.scenario.target import Target
from harness.scenario.verb import Call, Verb, VerbError


def set_fault(call: Call) -> dict[str, Any]:
    """Put a rule in force."""
    rule = dict(call.arguments)
    if "bucket" in rule:
        rule["bucket"] = call.bucket(rule["bucket"])
    try:
        return {"name": call.target.faults().set(rule)}
    except UsageError as error:
        raise VerbError({"Code": "InvalidFault", "Message": str(error), "HTTPStatusCode": None}) from None


def clear_faults(call: Call) -> dict[str, Any]:
    """Take rules out of force."""
    name = call.arguments.get("name")
    try:
        call.target.faults().clear(None if name is None else [name])
    except UsageError as error:
        raise VerbError({"Code": "InvalidFault", "Message": str(error), "HTTPStatusCode": None}) from None
    return {}


def read_fired(call: Call) -> dict[str, Any]:
    """What went wrong on purpose."""
    return {"faults": [describe_fired(one) for one in call.target.faults().fired()]}


def describe_fired(fired: Fired) -> dict[str, Any]:
    """One fault in JSON's types."""
    occasion = fired.occasion
    return {
        "name": fired.rule,
        "site": occasion.site,
        "operation": occasion.operation,
        "bucket": occasion.bucket,
        "key": occasion.key,
    }


def lines_about(target: Target, bucket: str, key: str) -> list[str]:
    """For whoever reads a failure: the faults that fired for an object, and those that name none."""
    about = [one for one in target.faults().fired() if _is_about(one, bucket, key)]
    return [f"fault {one}" for one in about[-20:]]


def _is_about(fired: Fired, bucket: str, key: str) -> bool:
    place = f"{fired.occasion.bucket}/{fired.occasion.key}"
    return place == "/" or (bucket in place and key in place)


FAULT_VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "fault",
            RULE,
            set_fault,
            about="make something go wrong from now on",
            output=shapes.Record({"name": shapes.Text(about="what the fault is called")}),
            own_stack=True,
            why_wrong=why_wrong,
        ),
        Verb(
            "clear_faults",
            shapes.Record({"name": shapes.Text(about="only this one")}, shorthand="name"),
            clear_faults,
            about="let nothing go wrong any more; what a fault holds up goes on",
            output=shapes.Record({}),
            own_stack=True,
        ),
        Verb(
            "fired",
            shapes.Record({}),
            read_fired,
            about="tell what went wrong on purpose",
            output=shapes.Record(
                {
                    "faults": shapes.Sequence(
                        shapes.Record(
                            {name: shapes.Text() for name in ("name", "site", "operation", "bucket", "key")},
                            about="oldest first",
                        )
                    )
                }
            ),
            reads=True,
            own_stack=True,
        ),
    )
}
