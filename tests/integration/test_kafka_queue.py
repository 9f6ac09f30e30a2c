"""The contract of the queue seam, held against its twins: in memory, the embedded broker, Apache Kafka."""

from __future__ import annotations

import contextlib
import itertools
import threading
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from fake_cloudserver import SystemClock, SystemRandomness
from harness.queue.base import (
    Consumer,
    Message,
    MessageTooLarge,
    Outgoing,
    Progress,
    Queue,
    QueueClosed,
    TopicPartition,
    TopicSpecification,
)
from harness.queue.embedded import EmbeddedBroker
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.kafka import KafkaQueue
from harness.queue.kafka_settings import KafkaSettings
from harness.queue.memory import MemoryQueue
from harness.queue.ordered import OrderedConsumption
from harness.queue.table import TopicTable
from support.observing import Remembering

CLOCK = SystemClock()
RANDOMNESS = SystemRandomness()


class Brokers(Protocol):
    """What both Kafkas can do."""

    bootstrap_servers: str

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Twin:
    """One of the two queues, and a way to take its broker away."""

    def __init__(self, queue: Queue, outage: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
        self.queue = queue
        self.outage = outage

    def topic(self, partitions: int = 4) -> str:
        name = f"topic-{uuid.uuid4().hex[:8]}"
        self.queue.ensure_topics([TopicSpecification(name, partitions)])
        return name


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture(
    params=[
        "memory",
        pytest.param("embedded", marks=pytest.mark.kafka),
        pytest.param("apache", marks=pytest.mark.apache_kafka),
    ]
)
def twin(request: pytest.FixtureRequest) -> Iterator[Twin]:
    if request.param == "memory":
        memory = MemoryQueue(CLOCK, RANDOMNESS)
        yield Twin(memory, memory.outage)
        memory.close()
        return
    broker: Brokers = request.getfixturevalue("broker" if request.param == "embedded" else "apache_kafka")

    @contextlib.contextmanager
    def outage() -> Iterator[None]:
        broker.pause()
        try:
            yield
        finally:
            broker.resume()

    settings = KafkaSettings.embedded(broker.bootstrap_servers)
    if request.param == "apache":
        settings = KafkaSettings((broker.bootstrap_servers,), session_timeout_ms=3_000, heartbeat_interval_ms=500)
    queue = KafkaQueue(settings, CLOCK, RANDOMNESS)
    yield Twin(queue, outage)
    queue.close()


class Listener:
    """Notes what comes and goes; goes on where ``resume`` says."""

    def __init__(self) -> None:
        self.mine: set[TopicPartition] = set()
        self.resume: dict[TopicPartition, int] = {}

    def assigned(self, partitions: object) -> None:
        self.mine |= set(partitions)  # type: ignore[call-overload]

    def revoked(self, partitions: object) -> Mapping[TopicPartition, int]:
        self.mine -= set(partitions)  # type: ignore[call-overload]
        return self.resume

    def lost(self, partitions: object) -> None:
        self.mine -= set(partitions)  # type: ignore[call-overload]


def poll_until(consumer: object, count: int, limit: int = 100) -> list[Message]:
    got: list[Message] = []
    deadline = CLOCK.monotonic() + 20
    while len(got) < count:
        assert CLOCK.monotonic() < deadline, f"only {len(got)} of {count} messages"
        got += consumer.poll(limit, 0.1)  # type: ignore[attr-defined]
    return got


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = CLOCK.monotonic() + 20
    while not condition():
        assert CLOCK.monotonic() < deadline, what
        CLOCK.sleep(0.005)


@contextlib.contextmanager
def taking_part(members: Sequence[Consumer]) -> Iterator[None]:
    """Each polls in a thread of its own meanwhile: who joins waits for the others to join."""
    done = threading.Event()

    def take_part(member: Consumer) -> None:
        while not done.is_set():
            member.poll(1, 0.05)

    threads = [threading.Thread(target=take_part, args=(member,), daemon=True) for member in members]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join(10)


def outgoing(topic: str, *keys: str) -> list[Outgoing]:
    counts: dict[str, Iterator[int]] = {}
    return [
        Outgoing(topic, key.encode(), f"{key}{next(counts.setdefault(key, itertools.count(1)))}".encode())
        for key in keys
    ]


def test_messages_arrive_byte_for_byte_in_order_in_the_partition_of_their_key(twin: Twin) -> None:
    topic = twin.topic()
    sent = [Outgoing(topic, f"bücket%2Fkey{n % 5}".encode(), f'{{"n":{n},"é":"\\u0000"}}'.encode()) for n in range(50)]
    twin.queue.producer().send_all(sent)
    consumer = twin.queue.consumer("group", [topic], Listener())
    got = poll_until(consumer, 50)
    consumer.close()
    for key in {message.key for message in sent}:
        assert [m.value for m in got if m.key == key] == [m.value for m in sent if m.key == key]
    assert all(m.partition == zlib.crc32(m.key or b"") % 4 for m in got)
    assert {m.topic for m in got} == {topic}


def test_a_message_without_a_key_or_for_a_named_partition(twin: Twin) -> None:
    topic = twin.topic()
    twin.queue.producer().send_all([Outgoing(topic, None, b"loose"), Outgoing(topic, b"k", b"placed", partition=3)])
    found = {message.value: message for message in twin.queue.read(topic)}
    assert found[b"loose"].key is None
    assert found[b"placed"].partition == 3


def test_a_group_goes_on_at_its_committed_offset(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    twin.queue.producer().send_all(outgoing(topic, *"aaaaa"))
    partition = TopicPartition(topic, 0)
    first = twin.queue.consumer(topic, [topic], Listener())
    assert [m.offset for m in poll_until(first, 5)] == [0, 1, 2, 3, 4]
    assert first.commit({partition: 2})
    assert twin.queue.backlog(topic, [topic]) == 3
    first.close()
    second = twin.queue.consumer(topic, [topic], Listener())
    assert [m.value for m in poll_until(second, 3)] == [b"a3", b"a4", b"a5"]
    assert second.commit({partition: 5})
    second.close()
    assert twin.queue.backlog(topic, [topic]) == 0


def test_members_of_a_group_that_read_different_topics_each_get_their_own(twin: Twin) -> None:
    topics = [twin.topic() for _ in range(3)]
    listeners = [Listener() for _ in topics]
    members = [
        twin.queue.consumer(topics[0], [topic], listener, beside=topics)
        for topic, listener in zip(topics, listeners, strict=True)
    ]
    expected = [{TopicPartition(topic, number) for number in range(4)} for topic in topics]
    with taking_part(members):
        wait_until(lambda: [listener.mine for listener in listeners] == expected, "not all have their partitions")
    for member in members:
        member.close()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the first one first", "the second one first"])
def test_who_comes_after_members_that_left_one_after_the_other_gets_all(twin: Twin, order: tuple[int, int]) -> None:
    topic = twin.topic()
    everything = {TopicPartition(topic, number) for number in range(4)}
    listeners = [Listener(), Listener()]
    members = [twin.queue.consumer(topic, [topic], listener) for listener in listeners]
    with taking_part(members):
        wait_until(lambda: all(0 < len(listener.mine) < 4 for listener in listeners), "the members do not share")
    members[order[0]].close()
    # meanwhile the other one hears that the group changes; it goes before it has joined anew
    CLOCK.sleep(0.5)
    members[order[1]].close()
    newcomer = Listener()
    last = twin.queue.consumer(topic, [topic], newcomer)
    with taking_part([last]):
        wait_until(lambda: newcomer.mine == everything, "the newcomer does not get everything")
    last.close()


def test_no_more_messages_than_asked_for(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    twin.queue.producer().send_all(outgoing(topic, *"aaaaaaa"))
    listener = Listener()
    consumer = twin.queue.consumer("group", [topic], listener)
    assert len(poll_until(consumer, 1, limit=3)) <= 3
    assert consumer.poll(0, 0.05) == []
    rest = 7 - len(consumer.poll(2, 1.0)) - 3
    assert [m.value for m in poll_until(consumer, rest)][-1] == b"a7"
    consumer.close()


def test_backlog_counts_what_no_member_has_taken(twin: Twin) -> None:
    topic, other = twin.topic(), twin.topic()
    assert twin.queue.backlog("nobody", [topic]) == 0
    twin.queue.producer().send_all(outgoing(topic, *"abcdefgh"))
    twin.queue.producer().send_all(outgoing(other, *"ab"))
    assert twin.queue.backlog("nobody", [topic]) == 8
    assert twin.queue.backlog("nobody", [topic, other]) == 10


def test_progress_of_a_group_by_partition(twin: Twin) -> None:
    topic = twin.topic(partitions=2)
    twin.queue.producer().send_all([Outgoing(topic, b"k", b"v", partition=1)] * 3)
    consumer = twin.queue.consumer(topic, [topic], Listener())
    poll_until(consumer, 3)
    consumer.commit({TopicPartition(topic, 1): 2})
    consumer.close()
    assert twin.queue.progress(topic, [topic]) == {
        TopicPartition(topic, 0): Progress(0, 0),
        TopicPartition(topic, 1): Progress(2, 3),
    }


def test_read_everything_or_the_tail(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    assert twin.queue.read(topic) == []
    assert twin.queue.read("no-such-topic") == []
    for message in outgoing(topic, *"aaaaa"):
        twin.queue.producer().send_all([message])
    assert [m.value for m in twin.queue.read(topic)] == [b"a1", b"a2", b"a3", b"a4", b"a5"]
    assert [m.value for m in twin.queue.read(topic, tail=2)] == [b"a4", b"a5"]
    assert [m.value for m in twin.queue.read(topic, tail=20)] == [b"a1", b"a2", b"a3", b"a4", b"a5"]


def test_a_follower_begins_where_it_is_told_and_goes_on(twin: Twin) -> None:
    topic = twin.topic(partitions=2)
    twin.queue.producer().send_all([Outgoing(topic, b"k", b"%d" % n, partition=n % 2) for n in range(6)])
    follower = twin.queue.follower(topic, {1: 2})
    assert sorted(m.value for m in poll_until(follower, 4)) == [b"0", b"2", b"4", b"5"]
    assert follower.caught_up
    twin.queue.producer().send_all([Outgoing(topic, b"k", b"later", partition=0)])
    assert [m.value for m in poll_until(follower, 1)] == [b"later"]
    follower.close()


def test_a_follower_is_behind_until_it_has_everything(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    twin.queue.producer().send_all(outgoing(topic, *"aaa"))
    follower = twin.queue.follower(topic)
    assert not follower.caught_up
    first = poll_until(follower, 1)
    assert len(poll_until(follower, 3 - len(first))) + len(first) == 3
    assert follower.caught_up
    empty = twin.queue.follower(twin.topic(partitions=3))
    wait_until(lambda: not empty.poll(1, 0.05) and empty.caught_up, "an empty topic is never read to its end")
    follower.close()
    empty.close()


def test_a_follower_that_is_ahead_of_the_topic_begins_anew(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    twin.queue.producer().send_all(outgoing(topic, *"aa"))
    follower = twin.queue.follower(topic, {0: 7})
    assert [m.value for m in poll_until(follower, 2)] == [b"a1", b"a2"]
    follower.close()


def test_a_follower_receives_nothing_while_the_broker_is_gone_and_goes_on_after(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    twin.queue.producer().send_all(outgoing(topic, "a"))
    follower = twin.queue.follower(topic)
    poll_until(follower, 1)
    with twin.outage():
        assert follower.poll(10, 0.1) == []
    twin.queue.producer().send_all(outgoing(topic, "b"))
    assert [m.value for m in poll_until(follower, 1)] == [b"b1"]
    follower.close()


def test_a_tombstone_arrives_as_an_empty_value(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    twin.queue.producer().send_all([Outgoing(topic, b"k", b"v"), Outgoing(topic, b"k", None)])
    assert [(m.key, m.value) for m in twin.queue.read(topic)] == [(b"k", b"v"), (b"k", b"")]


def loaded_table(twin: Twin, topic: str) -> TopicTable:
    table = TopicTable(twin.queue, topic)
    table.load()
    return table


def test_a_table_keeps_what_was_put_for_the_next_one_that_loads_it(twin: Twin) -> None:
    topic = twin.topic(partitions=2)
    first = loaded_table(twin, topic)
    for number in range(20):
        first.put(f"key{number}", b"old")
    first.write({f"key{number}": b"%d" % number for number in range(20)})
    first.delete("key3", "key4")
    expected = {f"key{number}": b"%d" % number for number in range(20) if number not in (3, 4)}
    assert first.items() == expected
    first.close()
    second = loaded_table(twin, topic)
    assert second.items() == expected
    assert (second.get("key3"), second.get("key5")) == (None, b"5")
    second.close()


def test_two_tables_of_a_topic_agree(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    one, other = loaded_table(twin, topic), loaded_table(twin, topic)
    one.put("k", b"1")
    other.put("k", b"2")
    other.put("gone", b"x")
    one.delete("gone")
    wait_until(lambda: one.follow(0.05) == 0 and one.get("k") == b"2", "the later write does not win")
    wait_until(lambda: other.follow(0.05) == 0 and other.get("gone") is None, "the tombstone is not seen")
    assert one.items() == other.items() == {"k": b"2"}
    one.close()
    other.close()


def test_the_partitions_of_a_topic_are_described(twin: Twin) -> None:
    topic = twin.topic(partitions=2)
    described = twin.queue.describe(topic, 10.0)
    assert [one.partition for one in described] == [0, 1]
    assert all(one.leader in one.replicas and one.in_sync == one.replicas for one in described)
    assert twin.queue.describe("no-such-topic", 10.0) == []


def test_creating_a_topic_twice_keeps_it(twin: Twin) -> None:
    topic = twin.topic(partitions=2)
    twin.queue.producer().send_all(outgoing(topic, "a"))
    twin.queue.ensure_topics([TopicSpecification(topic, 2), TopicSpecification(topic, 2, compacted=True)])
    assert len(twin.queue.read(topic)) == 1


def test_a_message_of_three_megabytes_passes_and_one_over_the_limit_is_refused(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    twin.queue.producer().send_all([Outgoing(topic, b"k", b"x" * 3_000_000)])
    with pytest.raises(MessageTooLarge) as refused:
        twin.queue.producer().send_all([Outgoing(topic, b"k", b"fits"), Outgoing(topic, b"big", b"x" * 5_000_100)])
    assert refused.value.key == b"big"
    assert [len(m.value) for m in twin.queue.read(topic)] == [3_000_000, 4]


def test_sending_waits_while_the_broker_is_gone(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    twin.queue.producer().send_all(outgoing(topic, "a"))
    with ThreadPoolExecutor(1) as pool:
        with twin.outage():
            sending = pool.submit(twin.queue.producer().send_all, outgoing(topic, *"bbb"))
            with pytest.raises(TimeoutError):
                sending.result(0.4)
        sending.result(20)
    assert [m.value for m in twin.queue.read(topic)] == [b"a1", b"b1", b"b2", b"b3"]


def test_an_order_to_let_go_ends_waiting_for_the_broker(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    twin.queue.producer().send_all(outgoing(topic, "a"))
    order = Interruption(CLOCK)
    with ThreadPoolExecutor(1) as pool, twin.outage():
        sending = pool.submit(twin.queue.producer().send_all, outgoing(topic, "b"), order)
        order.order()
        with pytest.raises(Interrupted):
            sending.result(20)


def test_a_closed_queue_says_so(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    producer = twin.queue.producer()
    consumer = twin.queue.consumer("group", [topic], Listener())
    twin.queue.close()
    with pytest.raises(QueueClosed):
        producer.send_all(outgoing(topic, "a"))
    with pytest.raises(QueueClosed):
        consumer.poll(1, 0.1)
    consumer.close()


class Seen:
    """A handler that notes what it handled; threads are welcome."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.values: list[bytes] = []

    def __call__(self, message: Message, interruption: Interruption) -> None:
        with self.lock:
            self.values.append(message.value)

    def of(self, key: bytes) -> list[bytes]:
        return [value for value in self.values if value.startswith(key)]


def step_until(condition: Callable[[], bool], *consumptions: OrderedConsumption) -> None:
    deadline = CLOCK.monotonic() + 30
    while not condition():
        assert CLOCK.monotonic() < deadline
        for consumption in consumptions:
            consumption.step(0.02)


@pytest.mark.parametrize("threaded", [False, True])
def test_ordered_consumption_keeps_the_order_of_each_key_and_commits_all(twin: Twin, threaded: bool) -> None:
    topic = twin.topic()
    keys = [f"k{n % 17}-" for n in range(500)]
    twin.queue.producer().send_all(outgoing(topic, *keys))
    seen = Seen()
    consumption = OrderedConsumption(
        twin.queue, topic, [topic], seen, clock=CLOCK, concurrency=10, threaded=threaded, max_messages=50
    )
    step_until(lambda: len(seen.values) == 500, consumption)
    assert consumption.stop()
    for key in set(keys):
        in_order = [f"{key}{n + 1}".encode() for n in range(keys.count(key))]
        assert seen.of(key.encode()) == in_order
    assert twin.queue.backlog(topic, [topic]) == 0


def test_a_member_that_polls_for_moments_only_gets_its_partitions_all_the_same(twin: Twin) -> None:
    for _ in range(3):
        topic, seen = twin.topic(), Seen()
        twin.queue.producer().send_all(outgoing(topic, "a", "b", "c"))
        consumption = OrderedConsumption(twin.queue, topic, [topic], seen, clock=CLOCK, concurrency=2)
        deadline = CLOCK.monotonic() + 30
        while len(seen.values) < 3:
            assert CLOCK.monotonic() < deadline
            consumption.step(0.004)
        consumption.stop()


def test_what_was_not_finished_is_handled_by_the_next_one(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    twin.queue.producer().send_all(outgoing(topic, "a", "b", "c"))
    seen = Seen()

    def fails_at_b(message: Message, interruption: Interruption) -> None:
        if message.key == b"b":
            raise RuntimeError("a crash")
        seen(message, interruption)

    broken = OrderedConsumption(twin.queue, topic, [topic], fails_at_b, clock=CLOCK, threaded=False)
    with pytest.raises(RuntimeError, match="a crash"):
        step_until(lambda: False, broken)
    broken.stop()
    after = Seen()
    second = OrderedConsumption(twin.queue, topic, [topic], after, clock=CLOCK, threaded=False)
    step_until(lambda: len(after.values) >= 2, second)
    second.stop()
    assert seen.values == [b"a1"]
    assert after.values == [b"b1", b"c1"]


def test_a_second_member_takes_over_partitions_without_loss_or_repetition(twin: Twin) -> None:
    topic = twin.topic()
    twin.queue.producer().send_all(outgoing(topic, *[f"k{n}-" for n in range(40)]))
    seen, release, running = Seen(), threading.Event(), threading.Event()

    def slow(message: Message, interruption: Interruption) -> None:
        running.set()
        release.wait(20)
        seen(message, interruption)

    first = OrderedConsumption(twin.queue, topic, [topic], slow, clock=CLOCK, concurrency=3)
    step_until(running.is_set, first)
    second = OrderedConsumption(twin.queue, topic, [topic], seen, clock=CLOCK, concurrency=3)
    with ThreadPoolExecutor(2) as pool:
        done = threading.Event()

        def run(consumption: OrderedConsumption) -> None:
            while not done.is_set():
                consumption.step(0.05)

        running_both = [pool.submit(run, one) for one in (first, second)]
        # the first one's three running messages hold up the rebalance until they are done
        assert not second.assignment
        release.set()
        wait_until(lambda: len(seen.values) >= 40, "messages were lost")
        wait_until(lambda: len(first.assignment) == len(second.assignment) == 2, "they do not share")
        done.set()
        for future in running_both:
            future.result()
    first.stop()
    second.stop()
    assert sorted(seen.values) == sorted(f"k{n}-1".encode() for n in range(40))
    assert twin.queue.backlog(topic, [topic]) == 0


def test_an_observer_is_told_what_passes(twin: Twin) -> None:
    topic = twin.topic(partitions=2)
    observer = Remembering()
    twin.queue.observer = observer
    before = CLOCK.now()
    twin.queue.producer().send_all([Outgoing(topic, None, b"%d" % number, number % 2) for number in range(10)])
    consumption = OrderedConsumption(twin.queue, f"group-{topic}", [topic], lambda *_: None, clock=CLOCK)
    deadline = CLOCK.monotonic() + 30
    while sum(count for _, count, _ in observer.received) < 10 or len(observer.handled) < 10:
        consumption.step(0.1)
        assert CLOCK.monotonic() < deadline
    consumption.stop()
    assert [partition for partition, _ in observer.published] == [
        TopicPartition(topic, 0),
        TopicPartition(topic, 1),
    ] * 5
    assert all(before - 1 < published < CLOCK.now() + 1 for _, published in observer.published)
    assert {one for one in observer.handled if one[3]} == set()


def test_a_refused_message_is_told_of(twin: Twin) -> None:
    topic = twin.topic(partitions=1)
    observer = Remembering()
    twin.queue.observer = observer
    with pytest.raises(MessageTooLarge):
        twin.queue.producer().send_all([Outgoing(topic, None, b"x" * 6_000_000)])
    assert observer.published == []
    assert observer.refusals == [topic]
