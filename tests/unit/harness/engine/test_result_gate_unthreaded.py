"""Without threads, too, nothing is copied again while a result of it waits to be written."""

from __future__ import annotations

from engine_world import World

from fake_cloudserver import VirtualClock
from harness.engine.engine import Engine


def test_an_entry_whose_result_waits_in_the_status_topic_is_not_copied_again() -> None:
    world = World(VirtualClock(), threaded=False, dialect="release")
    world.server.put()
    first = world.engine(roles=["populator", "processor"])
    first.run_until_idle()
    assert world.server.aws == [b"hello world"]
    first.stop()
    # as if it had died before the commit of the entry
    group = world.queue._broker.groups[first_group(first)]
    group.offsets.clear()
    world.engine().run_until_idle()
    assert world.server.status == "COMPLETED"
    assert world.server.aws == [b"hello world"]


def test_without_anybody_who_writes_results_it_goes_on_in_the_end() -> None:
    world = World(VirtualClock(), threaded=False, dialect="release")
    world.server.put()
    first = world.engine(roles=["populator", "processor"])
    first.run_until_idle()
    first.stop()
    world.queue._broker.groups[first_group(first)].offsets.clear()
    second = world.engine(roles=["processor"])
    second.run_until_idle()
    assert world.server.aws == [b"hello world", b"hello world"]


def first_group(engine: Engine) -> str:
    from harness.engine.topics import processor_group

    return processor_group(engine.settings, engine.settings.bootstrap_list[0].site)
