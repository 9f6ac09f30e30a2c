"""Several queue processors of one site, each a process of its own, share one topic; the death of one loses nothing."""

from __future__ import annotations

import signal
from collections import Counter

import pytest
from apache_kafka import ApacheKafka

from harness.engine.checkpoints import PROCESSOR_COPIED
from harness.replication import Replication
from harness.stack import Stack
from harness.stack_plan import StackOptions

#: Keys enough for every partition to have many, however the keys' hashes fall.
OBJECTS = 120
#: What each of two processors copies before it dies; together much less than there is to do.
COPIES = 15

pytestmark = pytest.mark.slow


def both_take_part_and_a_third_takes_over(options: StackOptions) -> None:
    with Stack(options) as stack:
        replication = Replication(stack)
        bucket = replication.bucket()
        stack.start_role("processor", 2, kill_at=f"{PROCESSOR_COPIED}:{COPIES}")
        first, second = (one for one in stack._role_processes().processes if one.role == "processor")
        keys = [f"key-{number}" for number in range(OBJECTS)]
        for key in keys:
            replication.cloudserver.put_object(Bucket=bucket, Key=key, Body=key.encode())
        # each ends itself at its last copy: that it did shows that it had its share
        assert [one.child.wait(60) for one in (first, second)] == [-signal.SIGKILL] * 2
        before = Counter(replication.status(bucket, key) for key in keys)
        assert before["PENDING"] > 0
        assert stack.kill_role("processor") == 2  # they are gone already
        stack.start_role("processor")
        replication.settle(90)
        assert {replication.status(bucket, key) for key in keys} == {"COMPLETED"}
        copies = {key: [one["Body"] for one in replication.replicas(bucket, key)] for key in keys}
    assert copies == {key: [key.encode()] for key in keys}


@pytest.mark.kafka
@pytest.mark.timeout(300)
def test_both_take_part_and_a_third_takes_over() -> None:
    both_take_part_and_a_third_takes_over(StackOptions(engine_roles={"populator": 1, "status": 1}))


@pytest.mark.apache_kafka
@pytest.mark.timeout(300)
def test_both_take_part_and_a_third_takes_over_on_apache_kafka(apache_kafka: ApacheKafka) -> None:
    servers, roles = apache_kafka.bootstrap_servers, {"populator": 1, "status": 1}
    both_take_part_and_a_third_takes_over(StackOptions(kafka=servers, kafka_prefix="several.", engine_roles=roles))
