"""The pages of ``docs/reference``, made from the code.

``python -m support.reference`` in the folder ``tests`` writes them anew.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from fake_cloudserver.__main__ import main as fake_main
from fake_cloudserver.backbeat import router as internal
from fake_cloudserver.bucketd import app as bucketd
from fake_cloudserver.clock import SystemClock
from fake_cloudserver.metrics import Metrics
from harness.cli import main as harness_main
from harness.engine import probe_server
from harness.engine.api.routes import ALL, METRICS, Router
from harness.engine.metrics.catalogue import catalogue
from harness.engine.settings import EngineSettings
from harness.faults import endpoint
from harness.scenario import s3_verbs
from harness.scenario.verbs import VERBS
from support.settings_leaves import leaves

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
SITE = "aws-us-east-1"

#: Method, path and what is asked of the engine's API; the router knows the rest.
_API = (
    ("GET", "/_/healthcheck", "the brokers of the replication topic"),
    ("GET", "/_/monitoring/metrics", "the engine's metrics, for Prometheus"),
    ("POST", "/_/configuration/workflows", "a change of the configuration (taken, and without effect)"),
    ("GET", f"/_/metrics/crr/{SITE}", "all figures of a site"),
    *(("GET", f"/_/metrics/crr/{SITE}/{metric}", f"its `{metric}`") for metric in METRICS),
    ("GET", f"/_/metrics/crr/{SITE}/progress/bucket/key?versionId=…", "how far one object is"),
    ("GET", f"/_/metrics/crr/{SITE}/throughput/bucket/key?versionId=…", "how fast one object is"),
    ("GET", "/_/crr/failed", "objects that failed (`sitename`, `marker`)"),
    ("GET", "/_/crr/failed/bucket/key?versionId=…", "where one version failed"),
    ("POST", "/_/crr/failed", "try failed objects again"),
    ("GET", f"/_/crr/status/{SITE}", "`enabled` or `disabled`"),
    ("POST", f"/_/crr/pause/{SITE}", "replicate nothing to a site for now"),
    ("POST", f"/_/crr/resume/{SITE}", "go on"),
    ("GET", f"/_/crr/resume/{SITE}", "when it will go on by itself"),
    ("POST", f"/_/crr/resume/{SITE}/schedule", "go on by itself, in so many hours"),
    ("DELETE", f"/_/crr/resume/{SITE}/schedule", "not by itself"),
)


def pages() -> dict[str, str]:
    """Name of the file -> what it holds."""
    return {
        "command-line.md": _page(
            "Command line",
            "Every command and option, as `--help` has them.",
            [*_commands(harness_main, "harness"), *_commands(fake_main, "fake-cloudserver")],
        ),
        "settings.md": _page(
            "Settings of the engine",
            "Every key that `harness engine --settings` reads, and its default. [The engine](../engine.md#settings) "
            "says what each means, and which of them come from Backbeat's own `config.json`.",
            _table("Setting | Default", ((f"`{path}`", default) for path, default in leaves(EngineSettings))),
        ),
        "routes.md": _page(
            "Routes",
            "What is answered beside the S3 API, whose operations are in [S3 operations](../s3-operations.md).",
            _routes(),
        ),
        "metrics.md": _page("Metrics", "What Prometheus is given.", _metrics()),
        "verbs.md": _page(
            "Verbs of scenarios",
            "What a step can do, and what it takes. [Scenarios](../scenarios.md) is about the language.",
            _verbs(),
        ),
    }


def write() -> None:
    """All of them."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _page(title: str, about: str, lines: Iterable[str]) -> str:
    made = "<!-- made from the code: cd tests && python -m support.reference -->"
    return "\n".join([f"# {title}", "", made, "", about, "", *lines]).rstrip() + "\n"


def _table(heads: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {heads} |"
    yield "|" + "---|" * len(heads.split(" | "))
    for row in rows:
        assert not any("|" in cell for cell in row), row
        yield f"| {' | '.join(row)} |"
    yield ""


# command line


def _commands(command: click.Command, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    yield f"## {name}"
    yield ""
    yield inspect.cleandoc(command.help or "").replace("\b\n", "")
    yield ""
    arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    if arguments:
        usage = " ".join(_metavar(argument, context) for argument in arguments)
        yield f"Arguments: `{usage}`"
        yield ""
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if options:
        yield from _table("Option | Meaning", (_option(option, context) for option in options))
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _commands(found, f"{name} {inner}")


def _option(option: click.Option, context: click.Context) -> tuple[str, str]:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    value = "" if option.is_flag or option.count else f" `{_metavar(option, context)}`"
    about = (option.help or "").strip()
    default = option.get_default(context)
    if option.show_default and default is not None:
        about += f" Default: `{default}`."
    return names + value, about.strip()


def _metavar(parameter: click.Parameter, context: click.Context) -> str:
    return parameter.make_metavar(context).replace("|", " or ")


# routes


def _about(handler: Callable[..., Any]) -> str:
    """The first sentence of its docstring."""
    text = (inspect.getdoc(handler) or "").partition("\n\n")[0].replace("\n", " ").partition(". ")[0].rstrip(".")
    return re.sub(r":\w+:", "", text).replace("``", "`")


def _routes() -> Iterator[str]:
    yield "## CloudServer's internal routes"
    yield ""
    rows = [
        (f"`{method} /_/backbeat/{name}/<bucket>/<key>`", _about(handler))
        for (method, name), handler in internal._OBJECT_ROUTES.items()
    ]
    rows += [
        (f"`{method} /_/backbeat/{name}`", _about(handler))
        for (method, name), handler in internal._ACCOUNT_ROUTES.items()
    ]
    rows += [
        (f"`{method} /_/backbeat/multiplebackenddata/<bucket>/<key>?operation={name}`", _about(handler))
        for (method, name), handler in internal.OPERATIONS.items()
    ]
    rows.append(("`GET /_/backbeat/multiplebackendmetadata/<bucket>/<key>`", _about(internal.head_data)))
    rows.append(("`/_/backbeat/api/…`", "the engine's API, passed on"))
    rows += [(f"`/_/{name}/…`", _about(handler)) for name, handler in internal._SERVICES.items() if name != "backbeat"]
    yield from _table("Route | Does", rows)
    yield "`PUT /_/backbeat/data` speaks both dialects: with `x-scal-replication-storage-type` it writes to the cloud."
    yield ""
    yield "## The journal (bucketd)"
    yield ""
    rules = bucketd._ROUTES.iter_rules()
    yield from _table("Route | Has", ((f"`GET {rule.rule}`", rule.endpoint.replace("_", " ")) for rule in rules))
    yield "## The engine's API"
    yield ""
    yield f"Backbeat's. `{ALL}` stands for all sites; without a site, a command is for all."
    yield ""
    yield from _table("Route | Asks", ((f"`{method} {path}`", about) for method, path, about in _API))
    yield "## Health and metrics"
    yield ""
    probes = (probe_server.LIVE, probe_server.READY, probe_server.READINESS, probe_server.METRICS)
    rows = [(f"`GET {path}`", "CloudServer (`--metrics-port`)") for path in ("/live", "/ready", "/metrics")]
    rows += [(f"`GET {path}`", "each role of the engine (`probeServer`)") for path in probes]
    yield from _table("Route | Of", rows)
    yield "## Faults"
    yield ""
    found = re.findall(r"^(GET|POST|DELETE) +(\S+) +(.*)$", endpoint.__doc__ or "", re.MULTILINE)
    rows = [(f"`{method} {path}`", about.replace("``", "`")) for method, path, about in found]
    yield from _table("Route | Does", rows)


def api_routes() -> set[str]:
    """The names of the API's routes that the page shows."""
    router = Router((SITE,))
    shown = set()
    for method, path, _ in _API:
        shown.add(router.route(method, path.partition("?")[0], "v" if "versionId" in path else "").name)
    return shown


# metrics


def _metrics() -> Iterator[str]:
    yield "## CloudServer"
    yield ""
    yield from _table(
        "Metric | Type | Labels | Meaning",
        (
            (f"`{_full_name(one)}`", one._type, ", ".join(one._labelnames), one._documentation)
            for one in Metrics(SystemClock())._registry._collector_to_names
        ),
    )
    yield "## The engine"
    yield ""
    yield from _table(
        "Metric | Type | Labels | Meaning",
        ((f"`{one.name}`", one.kind, ", ".join(one.labels), one.text) for one in catalogue()),
    )


def _full_name(collector: Any) -> str:
    return collector._name + ("_total" if collector._type == "counter" else "")


# verbs


def _verbs() -> Iterator[str]:
    for name in sorted(VERBS):
        verb = VERBS[name]
        yield f"## {name}"
        yield ""
        yield verb.about[:1].upper() + verb.about[1:] + "."
        yield ""
        facts = []
        if verb.sites:
            facts.append(f"`at` can name: {', '.join(verb.sites)}.")
        if verb.own_stack:
            facts.append("Its scenario has a stack of its own.")
        if facts:
            yield " ".join(facts)
            yield ""
        if verb.arguments.members:
            members = verb.arguments.members.items()
            rows = ((f"`{member}`", type(shape).__name__.lower(), shape.about) for member, shape in members)
            yield from _table("Argument | Is | Meaning", rows)
    yield "## S3 operations"
    yield ""
    yield "botocore's, with botocore's parameters:"
    yield ""
    yield ", ".join(f"`{name}`" for name in s3_verbs.names())


if __name__ == "__main__":
    write()
