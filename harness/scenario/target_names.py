"""Which target is meant: ``fake``, a file, a URL, or a factory of somebody's own."""

from __future__ import annotations

import importlib
from pathlib import Path

from harness.errors import UsageError
from harness.scenario.target import TargetFactory

#: The embedded stack.
FAKE = "fake"


def target_factory(
    name: str, config_dir: str | Path | None = None, kafka: str | None = None, *, record: bool = False
) -> TargetFactory:
    """What makes the targets of a session.

    Args:
        name: ``fake``; a TOML file; the URL of a CloudServer, with everything else in the environment; or
            ``MODULE:CALLABLE``.
        config_dir: CloudServer's own config files, for the embedded stack.
        kafka: ``host:port`` of a Kafka for the embedded stack.
        record: its runs are to be taped; only the embedded stack's can.

    Raises:
        UsageError: there is no such target, or it lacks something.
    """
    if name == FAKE:
        from harness.stack_target import StackFactory

        folder = None if config_dir is None else Path(config_dir)
        return StackFactory(config_dir=folder, kafka=kafka, record=record)
    if record:
        raise UsageError(f"{name} cannot be recorded from here; harness tape record can stand in front of it")
    if name.startswith(("http://", "https://")) or name.endswith(".toml"):
        from harness.scenario.foreign import foreign_factory

        return foreign_factory(name)
    return _imported(name)


def _imported(name: str) -> TargetFactory:
    module, colon, attribute = name.partition(":")
    if not colon:
        raise UsageError(f"{name!r} is none of: {FAKE}, a .toml file, a URL, MODULE:CALLABLE")
    try:
        factory: TargetFactory = getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError) as error:
        raise UsageError(str(error)) from None
    return factory
