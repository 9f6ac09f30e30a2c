"""Doing the same to several items, some at a time.

Source: Backbeat lib/util/mapLimitWaitPendingIfError.js.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_limited(
    action: Callable[[Item], Result], items: Sequence[Item], limit: int, *, threaded: bool = True
) -> list[Result]:
    """The results in the order of ``items``, at most ``limit`` at work at once; without threads one by one.

    After an error no further item is begun, what is at work is awaited, and the first error is raised.
    """
    if not threaded or limit == 1 or len(items) <= 1:
        return [action(item) for item in items]
    results: list[Any] = [None] * len(items)
    errors: list[BaseException] = []
    numbers = itertools.count()

    def work() -> None:
        while not errors and (number := next(numbers)) < len(items):
            try:
                results[number] = action(items[number])
            except BaseException as error:  # noqa: BLE001  (raised by whoever waits)
                errors.append(error)

    threads = [threading.Thread(target=work, name="part", daemon=True) for _ in range(min(limit, len(items)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
