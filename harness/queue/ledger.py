"""Which offsets may be committed: only those with nothing unfinished before them."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Iterable

from harness.queue.base import TopicPartition


class OffsetLedger:
    """What was taken from each partition and is not finished yet.

    The offset to commit for a partition is the smallest one in progress or, when none is, the one after the latest
    taken. (Backbeat lib/OffsetLedger.js)
    """

    def __init__(self) -> None:
        self._tokens = itertools.count(1)
        self._in_progress: dict[TopicPartition, OrderedDict[int, int]] = {}
        self._latest: dict[TopicPartition, int] = {}

    def consumed(self, partition: TopicPartition, offset: int) -> int:
        """``offset`` was taken; returns a token that :meth:`processed` asks back.

        An offset that does not follow the previous one means that the partition is read again from there: what was
        in progress from there on is forgotten, and its tokens are void.
        """
        progress = self._in_progress.setdefault(partition, OrderedDict())
        latest = self._latest.get(partition)
        if latest is not None and offset <= latest:
            for replayed in [other for other in progress if other >= offset]:
                del progress[replayed]
        token = next(self._tokens)
        progress[offset] = token
        self._latest[partition] = offset
        return token

    def processed(self, partition: TopicPartition, offset: int, token: int) -> None:
        """``offset`` is finished. Ignored when the token is void: the partition went away, or is read again."""
        progress = self._in_progress.get(partition)
        if progress is not None and progress.get(offset) == token:
            del progress[offset]

    def committable(self, partition: TopicPartition) -> int | None:
        """The offset that may be committed; None when nothing was taken from the partition."""
        latest = self._latest.get(partition)
        if latest is None:
            return None
        progress = self._in_progress[partition]
        return next(iter(progress)) if progress else latest + 1

    def all_committable(self, partitions: Iterable[TopicPartition] | None = None) -> dict[TopicPartition, int]:
        """The same for every partition (of ``partitions``) from which something was taken."""
        chosen = self._latest if partitions is None else [one for one in partitions if one in self._latest]
        offsets = ((partition, self.committable(partition)) for partition in chosen)
        return {partition: offset for partition, offset in offsets if offset is not None}

    def in_progress(self) -> int:
        """How many offsets are taken and not finished, over all partitions."""
        return sum(len(progress) for progress in self._in_progress.values())

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are no longer ours; tokens given out for them are void."""
        for partition in partitions:
            self._in_progress.pop(partition, None)
            self._latest.pop(partition, None)
