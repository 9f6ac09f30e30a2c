"""What a target is to hold of an object.

Source: Backbeat extensions/replication/tasks/ReplicateObject.js, lib/models/ObjectQueueEntry.js.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.vault import AccountOwner

_ENCRYPTION = (
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-aws-kms-key-id",
)


def replica_of(entry: ObjectQueueEntry, site: str, owner: AccountOwner) -> ObjectQueueEntry:
    """The entry under the target's bucket and owner, with the status REPLICA, and without any data."""
    replica = entry.to_replica_entry(site)
    replica.metadata["owner-id"] = owner.canonical_id
    replica.metadata["owner-display-name"] = owner.display_name
    replica.metadata["location"] = None
    return replica


def with_data(
    replica: ObjectQueueEntry, locations: Sequence[Mapping[str, Any]], answer_headers: Mapping[str, str]
) -> dict[str, Any]:
    """The metadata of ``replica`` with these data, encrypted as the target has said and not as the source has it.

    Backbeat leaves the source's encryption in objects that have no data; here nothing is encrypted then.
    """
    encryption = {name: answer_headers.get(name, "") for name in _ENCRYPTION}
    return replica.metadata | encryption | {"location": list(locations) or None}
