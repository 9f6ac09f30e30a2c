"""What scenarios ask of a fake CloudServer that is in this process."""

from __future__ import annotations

from collections.abc import Sequence

from fake_cloudserver import FakeCloudServer
from harness.scenario.target import JournalRecord, Unsupported


def key_pair(fake: FakeCloudServer, account: str | None) -> tuple[str, str]:
    """Access and secret key of an account, of the first one when it has no name. Raises Unsupported for another."""
    for settings in fake.settings.accounts:
        if account is None or settings.name.lower() == account.lower():
            return settings.keys[0]
    raise Unsupported(f"the accounts file has no account {account}")


def records_of(fake: FakeCloudServer, bucket: str) -> Sequence[JournalRecord]:
    """A bucket's records in the metadata journal."""
    journal = fake.journal
    return [
        JournalRecord(one.sequence, one.timestamp, one.db, one.type, one.key, one.value)
        for one in journal.read(journal.first_sequence, journal.last_sequence + 1)
        if one.db == bucket
    ]
