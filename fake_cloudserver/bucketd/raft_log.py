"""Journal records in the form of bucketd's raft log.

Source: Arsenal lib/storage/metadata/bucketclient/ListRecordStream.js, LogConsumer.js.
"""

from __future__ import annotations

import json
from typing import Any, Final

from fake_cloudserver.metadata.journal import Journal, Record
from fake_cloudserver.metadata.store import METASTORE
from fake_cloudserver.metadata.versioning_request import to_text

#: The number of the only raft session.
SESSION: Final = 1

#: Codes of what a record did.
CREATE_BUCKET: Final = 0
UPDATE_ATTRIBUTES: Final = 7
BATCH: Final = 8


def raft_log(journal: Journal, begin: int, limit: int) -> dict[str, Any] | None:
    """At most ``limit`` records from sequence ``begin``; None when there is nothing new.

    ``info``: ``start`` and ``end`` are sequences of the first and last record, ``cseq`` is the newest there is,
    ``prune`` the oldest kept.
    """
    records = journal.read(begin, limit)
    if not records:
        return None
    info = {
        "start": records[0].sequence,
        "end": records[-1].sequence,
        "cseq": max(journal.last_sequence, records[-1].sequence),
        "prune": journal.first_sequence,
    }
    return {"info": info, "log": [raft_record(record) for record in records]}


def raft_record(record: Record) -> dict[str, Any]:
    """One record: creation and update of a bucket have a single entry without key, all else has key and value.

    An entry has a type only when something was deleted. A deleted bucket stays a deletion in the metastore.
    """
    if record.db == METASTORE and record.value is not None:
        transient = json.loads(record.value).get("transient")
        value = to_text({"attributes": record.value, "raftSession": SESSION})
        return _record(record, record.key, {"value": value}, CREATE_BUCKET if transient else UPDATE_ATTRIBUTES)
    if record.value is None:
        return _record(record, record.db, {"type": "del", "key": record.key}, BATCH)
    return _record(record, record.db, {"key": record.key, "value": record.value}, BATCH)


def _record(record: Record, db: str, entry: dict[str, str], method: int) -> dict[str, Any]:
    return {"db": db, "timestamp": record.timestamp, "method": method, "entries": [entry]}
