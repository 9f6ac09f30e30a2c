"""Scenarios as pytest items, through pytest's public API: ``-k``, ``-m tag``, ``-n auto``, ``--junitxml`` just work.

    pytest --scenarios scenarios

or, in the settings, ``scenarios = true``. Nothing of it is loaded before a scenario file is met.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.scenario.model import ScenarioRun
    from harness.scenario.results import Result
    from harness.scenario.target import TargetFactory
    from harness.scenario.targets import Targets

_DEFAULT_TARGET = "harness.stack_target:StackFactory"
_SUFFIXES = (".yaml", ".yml")
_MOST_SEEDS = 2**32

_SESSION = pytest.StashKey["_Session"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--scenarios``, ``--scenario-seed``, ``--scenario-target``, and their settings."""
    group = parser.getgroup("scenarios", "replication scenarios in YAML")
    group.addoption("--scenarios", action="store_true", default=None, help="collect scenario files")
    group.addoption("--scenario-seed", type=int, metavar="N", help="what the names of the runs' buckets come from")
    group.addoption(
        "--scenario-target",
        metavar="MODULE:CALLABLE",
        default=_DEFAULT_TARGET,
        help="called without arguments, gives a harness.scenario.target.TargetFactory",
    )
    parser.addini("scenarios", "collect scenario files", type="bool", default=False)
    parser.addini(
        "scenario_files",
        "patterns of scenario files below the root folder; files named on the command line are always taken",
        type="args",
        default=["scenarios/*", "*/scenarios/*"],
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario file, where scenarios are wanted."""
    if file_path.suffix not in _SUFFIXES or file_path.name.startswith("_"):
        return None
    config = parent.config
    wanted = config.getoption("--scenarios")
    if not (config.getini("scenarios") if wanted is None else wanted):
        return None
    if not (parent.session.isinitpath(file_path) or _is_scenario_file(file_path, config)):
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


def _is_scenario_file(path: Path, config: pytest.Config) -> bool:
    if not path.is_relative_to(config.rootpath):
        return False
    relative = path.relative_to(config.rootpath).as_posix()
    return any(fnmatch(relative, pattern) for pattern in config.getini("scenario_files"))


class ScenarioFile(pytest.File):
    """One file; its items are the runs of its scenario."""

    def collect(self) -> Iterator[pytest.Item]:
        """Every row in every dialect; a wrong file is an error of collection, a line for each thing."""
        from harness.errors import ScenarioError
        from harness.scenario.loader import load_file

        try:
            scenario = load_file(_shown(self.path, self.config))
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        for tag in scenario.tags:
            self.config.addinivalue_line("markers", f"{tag}: a tag of scenarios")
        for run in scenario.runs():
            item = ScenarioItem.from_parent(self, name=run.title, run=run)
            for tag in scenario.tags:
                item.add_marker(tag)
            yield item


def _shown(path: Path, config: pytest.Config) -> Path:
    """The path as people write it: from where pytest was called."""
    start = config.invocation_params.dir
    return path.relative_to(start) if path.is_relative_to(start) else path


class ScenarioFailed(Exception):  # noqa: N818  (a failed test, not a fault)
    """A run that did not pass."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.run.title)
        self.result = result


class ScenarioItem(pytest.Item):
    """One run of a scenario."""

    def __init__(self, *, run: ScenarioRun, **more: Any) -> None:
        super().__init__(**more)
        self._run = run

    def runtest(self) -> None:
        """Do the run on a stack of the session."""
        from harness.scenario.results import Outcome
        from harness.scenario.schedule import Job, run_one

        session = _session(self.config)
        result = run_one(Job(self._run), session.targets, session.seed)
        self.user_properties += [("dialect", self._run.dialect), ("seed", result.seed)]
        for warning in result.warnings:
            self.add_report_section("call", "scenario", f"warning: {warning}")
        if result.outcome is Outcome.SKIPPED:
            pytest.skip(result.reason)
        if result.failure is not None:
            raise ScenarioFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The step, what was expected and seen, and how to run it again; anything else as pytest has it."""
        failed = excinfo.value
        if not isinstance(failed, ScenarioFailed) or failed.result.failure is None:
            return super().repr_failure(excinfo, style)
        again = f"  run it again: pytest --scenarios --scenario-seed {failed.result.seed} '{self.nodeid}'"
        return "\n".join([*failed.result.failure.lines(), again])

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the scenario stands."""
        return self.path, self._run.scenario.place.line - 1, self.name


class _Session:
    """What the items of one pytest process share."""

    def __init__(self, targets: Targets, seed: int) -> None:
        self.targets = targets
        self.seed = seed


def _session(config: pytest.Config) -> _Session:
    if _SESSION not in config.stash:
        from fake_cloudserver import SystemRandomness
        from harness.scenario.engine_log import LOG
        from harness.scenario.targets import Targets

        targets = Targets(_factory(config.getoption("--scenario-target")))
        exits = contextlib.ExitStack()
        exits.enter_context(targets)
        exits.enter_context(LOG.capture(quiet=False))
        config.add_cleanup(exits.close)
        seed = config.getoption("--scenario-seed")
        config.stash[_SESSION] = _Session(targets, SystemRandomness().below(_MOST_SEEDS) if seed is None else seed)
    return config.stash[_SESSION]


def _factory(name: str) -> TargetFactory:
    module, _, attribute = name.partition(":")
    try:
        factory: TargetFactory = getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError) as error:
        raise pytest.UsageError(f"--scenario-target {name}: {error}") from None
    return factory
