"""Fixtures for people who write their replication tests in Python.

    def test_it_replicates(cloudserver, replication):
        bucket = replication.bucket()
        cloudserver.put_object(Bucket=bucket, Key="k", Body=b"hello")
        replication.settle()
        assert cloudserver.head_object(Bucket=bucket, Key="k")["ReplicationStatus"] == "COMPLETED"

One stack serves a whole session (with pytest-xdist: each worker has its own); nothing is started before a test asks.
With ``--scenarios`` scenario files are collected, too (``harness/scenario/pytest_items.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from harness.scenario.pytest_items import (
    pytest_addoption,
    pytest_collect_file,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_configure_node,
    pytest_runtest_makereport,
    pytest_runtest_protocol,
)

if TYPE_CHECKING:
    from harness.replication import Replication
    from harness.stack import Stack

__all__ = [
    "aws",
    "cloudserver",
    "crr_stack",
    "own_replication",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "replication",
]


@pytest.fixture(scope="session")
def crr_stack() -> Iterator[Stack]:
    """CloudServer, AWS, Kafka and the engine, running."""
    from harness.stack import Stack

    with Stack() as stack:
        yield stack


@pytest.fixture(scope="session")
def cloudserver(crr_stack: Stack) -> Any:
    """A boto3 S3 client for the stack's CloudServer, as the account that owns its buckets."""
    from harness.s3_client import client_of

    return client_of(crr_stack.facts()["cloudserver"])


@pytest.fixture(scope="session")
def aws(crr_stack: Stack) -> Any:
    """A boto3 S3 client for the stack's AWS."""
    from harness.s3_client import client_of

    return client_of(crr_stack.facts()["aws"])


@pytest.fixture
def own_replication() -> Iterator[Replication]:
    """The same on a stack that this test has to itself: for faults, pauses, and what else others would notice."""
    from harness.replication import Replication
    from harness.stack import Stack

    with Stack() as stack:
        yield Replication(stack)


@pytest.fixture
def replication(crr_stack: Stack) -> Replication:
    """Buckets that replicate, waiting, and a look at the other side."""
    from harness.replication import Replication

    return Replication(crr_stack)
