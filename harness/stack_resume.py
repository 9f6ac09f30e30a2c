"""How the engine of a stack goes on when CloudServer has kept everything and Kafka nothing.

The embedded Kafka has no storage on disk. It need not, as the engine's work is written down in CloudServer: what is to
be replicated has a journal record, and a status that says so until it is done. A new Kafka is told to begin at the
oldest record of work that is not done. Entries after it whose work is done are read again, and left alone by the tasks,
which look at the status; what was on its way is recognised by the gateway (design dialect).
"""

from __future__ import annotations

from fake_cloudserver import FakeCloudServer, get_logger
from harness.engine.journal import InProcessJournal
from harness.engine.populator_position import PopulatorPosition
from harness.engine.settings import EngineSettings
from harness.engine.topics import all_topics
from harness.queue.base import Queue

log = get_logger(__name__)


def tell_position(queue: Queue, settings: EngineSettings, fake: FakeCloudServer) -> None:
    """Save a position in a Kafka that knows none, under the names of the journal in process and over HTTP.

    Nothing happens when CloudServer keeps nothing.
    """
    position, populator = fake.unfinished_since, settings.queue_populator
    if position is None:
        return
    queue.ensure_topics(all_topics(settings))
    session = populator.bucketd.raft_session if populator.bucketd else 1
    for log_id in (InProcessJournal(fake.journal).log_id, f"raft_{session}"):
        saved = PopulatorPosition(queue, populator.position_topic, log_id)
        if saved.load() is None:
            saved.save(position)
            log.info("a Kafka without a position begins at", log_id=log_id, position=position)
