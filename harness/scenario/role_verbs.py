"""The verbs that need a stack of a special make: roles of the engine that come and go, paused sites, a moved clock."""

from __future__ import annotations

from typing import Any

from harness.scenario import shapes
from harness.scenario.model import AWS
from harness.scenario.values import duration
from harness.scenario.verb import Call, Verb

#: The engine's processes that a scenario can name (harness/engine/roles.py; ``api`` has nobody to ask it here).
ROLES = ("populator", "processor", "status")
DEEDS = ("stop", "kill", "start")
#: Verbs that need the engine in processes of their own, one for each role; and a clock that can be put forward.
ROLE_VERB = "engine"
CLOCK_VERB = "advance"


def change_role(call: Call) -> dict[str, Any]:
    """Stop, kill or start processes of one role."""
    arguments = call.arguments
    call.target.change_role(arguments["do"], arguments["role"], arguments.get("count"))
    return {}


def pause(call: Call) -> dict[str, Any]:
    """Replicate nothing more to a site, until :func:`resume`."""
    call.target.pause(_site(call))
    return {}


def resume(call: Call) -> dict[str, Any]:
    """Go on with a site that was paused."""
    call.target.resume(_site(call))
    return {}


def _site(call: Call) -> str:
    site: str = call.arguments.get("site", AWS)
    return call.target.storage_classes.get(site, site)


def advance(call: Call) -> dict[str, Any]:
    """Put the clock forward, for CloudServer, the engine and the scenario itself."""
    call.target.advance(duration(call.arguments["by"]))
    return {}


_SITE = shapes.Record({"site": shapes.Text(about="the site; aws unless given")}, shorthand="site")
_NOTHING = shapes.Record({})

ROLE_VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            ROLE_VERB,
            shapes.Record(
                {
                    "do": shapes.Text(DEEDS, about="what to do"),
                    "role": shapes.Text(ROLES, about="to which processes of the engine"),
                    "count": shapes.Number(about="to how many: all unless given, one for start"),
                },
                frozenset({"do", "role"}),
            ),
            change_role,
            about="stop, kill or start processes of one role of the engine",
            output=_NOTHING,
            own_stack=True,
        ),
        Verb("pause", _SITE, pause, about="replicate nothing more to a site", output=_NOTHING, own_stack=True),
        Verb("resume", _SITE, resume, about="go on with a paused site", output=_NOTHING, own_stack=True),
        Verb(
            CLOCK_VERB,
            shapes.Record({"by": shapes.Duration(about="how far")}, frozenset({"by"}), shorthand="by"),
            advance,
            about="put the clock of the stack forward",
            output=_NOTHING,
            own_stack=True,
        ),
    )
}
