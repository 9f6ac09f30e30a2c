"""What a scenario runs against: an embedded stack, or a real CloudServer with a real engine."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from fake_cloudserver import Clock
from harness.errors import HarnessError
from harness.faults.control import FaultControl
from harness.queue.base import Message
from harness.request_log import SeenRequest
from harness.scenario.model import Needs
from harness.transport import Transport

#: What ``stop``, ``start`` and ``kill`` can name, beside further CloudServers: ``target`` and, for one of its servers,
#: ``target-1``.
PARTS = ("aws", "cloudserver", "engine", "kafka")

#: Verbs that name one.
PART_VERBS = frozenset({"stop", "start", "kill"})

_SERVER = re.compile(r"-[1-9]\Z")


def site_of_part(part: str) -> str:
    """``target`` for ``target`` and for ``target-1``."""
    return _SERVER.sub("", part)


class Unsupported(HarnessError):  # noqa: N818  (no fault of anybody: the run is skipped)
    """This target cannot do what a scenario asks for; the run is skipped, with this message as the reason."""


@dataclasses.dataclass(frozen=True, slots=True)
class JournalRecord:
    """One record of the metadata journal, as CloudServer's record log has it.

    Attributes:
        key: as stored: ``<key>`` for a master, ``<key>NUL<internal version id>`` for a version.
        value: the JSON text written; None for ``del``.
    """

    sequence: int
    timestamp: str
    db: str
    type: str
    key: str
    value: str | None


class Target(Protocol):
    """What the runner asks of a stack. Used from several threads at once when it is shared.

    Whatever a target cannot do raises :class:`Unsupported`; a part that broke raises StackError.

    Attributes:
        name: what people call it, such as ``embedded`` or a URL.
        version: CloudServer's version it behaves as, such as ``8.8``.
        dialect: ``design`` or ``release``.
        clock: the waits of the runner go through it.
        transport: raw requests (verbs ``http`` and ``backbeat``) go through it.
        aws_bucket: the bucket on AWS that replicas arrive in.
        storage_classes: site of the scenario language -> site of CloudServer's replication rules
            (``{"aws": "aws-us-east-1"}``).
        role: role of replication rules to cloud sites, ``arn:aws:iam::root:role/s3-replication-role``.
        disposable: it goes away with the session: what runs leave there, on AWS too, need not be removed.
    """

    name: str
    version: str
    dialect: str
    clock: Clock
    transport: Transport
    aws_bucket: str
    storage_classes: Mapping[str, str]
    role: str
    disposable: bool

    def client(self, site: str, account: str | None = None) -> Any:
        """A boto3 S3 client, cached; path style, no retries of its own, timeouts of some 30 s.

        ``account`` is one of ``model.ACCOUNTS``; None is whoever owns buckets on that site. ``anonymous`` gives an
        unsigned client.
        """

    def endpoint(self, site: str) -> str:
        """``http://127.0.0.1:8000``: where raw requests for a site go."""

    def credentials(self, site: str, account: str | None = None) -> tuple[str, str] | None:
        """Access key and secret key, as for :meth:`client`; None for ``anonymous``."""

    def role_for(self, sites: Iterable[str]) -> str:
        """The role of a rule to these sites: ``role`` as it is for clouds, two roles where a CloudServer is one."""

    def settle(self, timeout: float, buckets: Sequence[str] = ()) -> str:
        """Wait until no work is left: journal read to its end, every topic consumed and committed.

        A target that cannot tell looks at the objects of ``buckets``, the run's own ones on CloudServer.

        Returns "" then, or what is still open after ``timeout`` seconds, in words.
        """

    def messages(self, topic: str) -> Sequence[Message]:
        """What a Kafka topic holds now."""

    def journal(self, bucket: str) -> Sequence[JournalRecord]:
        """The journal's records of one bucket, oldest first."""

    def requests(self, words: Sequence[str]) -> Sequence[SeenRequest]:
        """What CloudServer and AWS were asked whose path holds one of ``words``."""

    def stop(self, part: str) -> None:
        """Stop one of PARTS in order; nothing happens when it is not running."""

    def kill(self, part: str) -> None:
        """End one of PARTS at once, as SIGKILL does."""

    def start(self, part: str) -> None:
        """Start a stopped or killed part again on the same ports, and wait until it is ready.

        AWS keeps its objects over ``stop`` and ``start``: the outage is one of the network, not a new AWS.
        """

    def change_role(self, do: str, role: str, count: int | None) -> None:
        """Stop, kill or start so many processes of one role of the engine; None is all, and one to start."""

    def pause(self, site: str) -> None:
        """Replicate nothing more to this site of the engine; returns when that is so."""

    def resume(self, site: str) -> None:
        """Go on with a site that was paused."""

    def advance(self, seconds: float) -> None:
        """Put the clock forward."""

    def faults(self) -> FaultControl:
        """Where faults are set."""

    def evidence(self, bucket: str, key: str) -> Sequence[str]:
        """Lines about one object that help whoever reads a failure: log of the engine, requests, faults. May be []."""


class TargetFactory(Protocol):
    """Makes the targets of a run."""

    def __call__(self, dialect: str, needs: Needs) -> AbstractContextManager[Target]:
        """A target for ``dialect``; Unsupported when there can be none that meets ``needs``."""
