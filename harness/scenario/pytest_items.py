"""Scenarios as pytest items, through pytest's public API: ``-k``, ``-m tag``, ``-n auto``, ``--junitxml`` just work.

    pytest --scenarios scenarios

or, in the settings, ``scenarios = true``. Nothing of it is loaded before a scenario file is met. ``harness run`` is
this, with another face (``console.py``).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.report.record import RunRecord
    from harness.scenario.results import Result
    from harness.scenario.schedule import Job, Runs
    from harness.scenario.taping import Taping
    from harness.scenario.target import TargetFactory

_SUFFIXES = (".yaml", ".yml")
_MOST_SEEDS = 2**32
#: What a report of pytest carries its record in, from a worker too.
RECORD = "scenario_record"

_RUNS = pytest.StashKey["Runs"]()
_SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--scenarios`` and all that begins with ``--scenario-``, and their settings."""
    group = parser.getgroup("scenarios", "replication scenarios in YAML")
    group.addoption("--scenarios", action="store_true", default=None, help="collect scenario files")
    group.addoption("--scenario-seed", type=int, metavar="N", help="what the names of the runs' buckets come from")
    group.addoption(
        "--scenario-target",
        metavar="TARGET",
        default="fake",
        help="fake (the embedded stack), a TOML file or a URL of a real one, or MODULE:CALLABLE, which is called "
        "without arguments and gives a harness.scenario.target.TargetFactory",
    )
    group.addoption("--scenario-config", metavar="DIR", help="CloudServer's own config files instead of built-in ones")
    group.addoption("--scenario-kafka", metavar="HOST:PORT", help="use this Kafka instead of the embedded one")
    group.addoption("--scenario-since", metavar="VERSION", help="only scenarios that are true for this version")
    group.addoption("--scenario-repeat", type=int, default=1, metavar="N", help="do each run so often")
    group.addoption(
        "--scenario-ahead", type=int, default=1, metavar="N", help="0: one run at a time in each process; 1: two"
    )
    group.addoption("--scenario-limit", type=float, metavar="SECONDS", help="give a run up that takes longer (300)")
    group.addoption("--scenario-quiet", action="store_true", help="keep what the stacks log from everybody else")
    group.addoption("--scenario-html", metavar="FILE", help="write a page about all runs to this file")
    group.addoption("--scenario-record", metavar="DIR", help="keep a tape of each run that does not pass there")
    group.addoption("--scenario-record-all", action="store_true", help="keep those of runs that pass, too")
    group.addoption(
        "--scenario-annotations",
        metavar="github|gitlab:FILE",
        help="tell GitHub of failures on standard output, or GitLab in a code quality report",
    )
    parser.addini("scenarios", "collect scenario files", type="bool", default=False)
    parser.addini(
        "scenario_files",
        "patterns of scenario files below the root folder; files named on the command line are always taken",
        type="args",
        default=["scenarios/*", "*/scenarios/*"],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed, unless that was done for this worker; gather records where somebody wants to read them."""
    workers = getattr(config, "workerinput", None)
    seed = config.getoption("--scenario-seed")
    if seed is None and workers is not None:
        seed = workers["scenario_seed"]
    if seed is not None:
        config.stash[_SEED] = seed
    if config.getoption("--scenario-target") != "fake":
        _factory(config)  # one that is not there is told before anything runs
    page, annotations = config.getoption("--scenario-html"), config.getoption("--scenario-annotations")
    if workers is None and (page or annotations):
        from harness.report.collector import Collector

        config.pluginmanager.register(Collector(page, annotations), "scenario-reports")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Every worker has the seed that this process chose (a hook of pytest-xdist)."""
    node.workerinput["scenario_seed"] = _seed(node.config)


def _seed(config: pytest.Config) -> int:
    if _SEED not in config.stash:
        from fake_cloudserver import SystemRandomness

        config.stash[_SEED] = SystemRandomness().below(_MOST_SEEDS)
    return config.stash[_SEED]


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs that can have the same stack follow each other, in the places that runs have among other tests."""
    runs = sorted((item for item in items if isinstance(item, ScenarioItem)), key=lambda item: item.job.run.kind)
    in_turn = iter(runs)
    items[:] = [next(in_turn) if isinstance(item, ScenarioItem) else item for item in items]


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """While a run waits, the next one can work."""
    if isinstance(item, ScenarioItem):
        runs = _runs(item.config)
        runs.begin(item.nodeid, item.job)
        if isinstance(nextitem, ScenarioItem):
            runs.begin(nextitem.nodeid, nextitem.job)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The report of a run carries its record, and the time that the run took, not that of waiting for it."""
    report = yield
    if isinstance(item, ScenarioItem) and call.when == "call" and item.result is not None:
        report.duration = item.result.seconds
        setattr(report, RECORD, item.result.record(_again(item)).to_plain())
    return report


def _again(item: ScenarioItem) -> str:
    target = item.config.option.scenario_target
    where = "" if target == "fake" else f" --target {target}"
    return f"harness run {item.job.run.scenario.place.file} --seed {_seed(item.config)}{where}"


def record_of(report: pytest.TestReport) -> RunRecord | None:
    """The record that a report carries; None for anything but the run of a scenario."""
    from harness.report.record import RunRecord

    plain = getattr(report, RECORD, None)
    return None if plain is None else RunRecord.from_plain(plain)


class ScenarioFile(pytest.File):
    """One file; its items are the runs of its scenario."""

    def collect(self) -> Iterator[pytest.Item]:
        """Every row in every dialect; a wrong file is an error of collection, a line for each thing."""
        from harness.errors import ScenarioError
        from harness.scenario.loader import load_file
        from harness.scenario.runner import is_older
        from harness.scenario.schedule import Job

        try:
            scenario = load_file(_shown(self.path, self.config))
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        since = self.config.getoption("--scenario-since")
        if since is not None and scenario.since is not None and is_older(since, scenario.since):
            return
        for tag in scenario.tags:
            self.config.addinivalue_line("markers", f"{tag}: a tag of scenarios")
        for repetition in range(self.config.getoption("--scenario-repeat")):
            for run in scenario.runs():
                name = run.title + (f" ({repetition + 1})" if repetition else "")
                item = ScenarioItem.from_parent(self, name=name, job=Job(run, repetition))
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

    def __init__(self, *, job: Job, **more: Any) -> None:
        super().__init__(**more)
        self.job = job
        self.result: Result | None = None

    def runtest(self) -> None:
        """Do the run on a stack of the session."""
        from harness.scenario.results import Outcome

        result = self.result = _runs(self.config).result(self.nodeid, self.job)
        run = self.job.run
        self.user_properties += [("dialect", run.dialect), ("seed", result.seed), ("about", run.scenario.about)]
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
        return "\n".join([*failed.result.failure.lines(), f"  run it again: {self.again(failed.result)}"])

    def again(self, result: Result) -> str:
        """The command that does this run again."""
        return f"pytest --scenarios --scenario-seed {result.seed} '{self.nodeid}'"

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the scenario stands."""
        return self.path, self.job.run.scenario.place.line - 1, self.name


def _runs(config: pytest.Config) -> Runs:
    """What the items of one pytest process share."""
    if _RUNS not in config.stash:
        from harness.scenario.schedule import LIMIT, Runs

        options = config.option
        runs = Runs(
            _factory(config),
            _seed(config),
            ahead=options.scenario_ahead,
            limit=LIMIT if options.scenario_limit is None else options.scenario_limit,
            events=options.scenario_html is not None,
            quiet=options.scenario_quiet,
            taping=_taping(config),
        )
        config.add_cleanup(runs.close)
        config.stash[_RUNS] = runs
    return config.stash[_RUNS]


def _taping(config: pytest.Config) -> Taping | None:
    from harness.scenario.taping import Taping

    folder = config.option.scenario_record
    if folder is None:
        return None
    taping = Taping(Path(folder), keep_all=config.option.scenario_record_all)
    taping.check()
    return taping


def _factory(config: pytest.Config) -> TargetFactory:
    from harness.errors import HarnessError
    from harness.scenario.target_names import target_factory

    options = config.option
    try:
        return target_factory(
            options.scenario_target,
            options.scenario_config,
            options.scenario_kafka,
            record=options.scenario_record is not None,
        )
    except HarnessError as error:
        raise pytest.UsageError(f"--scenario-target {options.scenario_target}: {error}") from None
