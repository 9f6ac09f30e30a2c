"""One turn of an engine, which can be held in front of a request while everybody else goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Abandoned(BaseException):
    """Nobody waits for this turn any longer."""


class Turn:
    """Work that goes on only while somebody waits for it: of all threads one runs at a time, so that runs repeat.

    Args:
        work: does the turn; gives how much there was to do.
    """

    def __init__(self, work: Callable[[], int]) -> None:
        self._work = work
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._left: int | None = None
        self._abandoned = False
        self._done: int | None = None
        self._error: BaseException | None = None

    def go(self, requests: int | None) -> int | None:
        """Let it go on until it is at its end, or in front of the next request after so many.

        How much there was to do, or None when it is held. What the work raises comes through.
        """
        self._left = requests
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="turn", daemon=True)
            self._thread.start()
        else:
            self._go.release()
        self._back.acquire()
        if self._error is not None:
            raise self._error
        return self._done

    def before_request(self) -> None:
        """The work is about to send one; comes back when it may. Raises Abandoned."""
        while self._left == 0 and not self._abandoned:
            self._back.release()
            self._go.acquire()
        if self._abandoned:
            raise Abandoned
        if self._left:
            self._left -= 1

    def abandon(self) -> None:
        """End it where it is held."""
        self._abandoned = True
        if self._thread is not None and self._thread.is_alive():
            self._go.release()
            self._back.acquire()
            self._thread.join()

    def _run(self) -> None:
        try:
            self._done = self._work()
        except Abandoned:
            self._done = 0
        except BaseException as error:  # noqa: BLE001  (raised again by whoever waits)
            self._error = error
        finally:
            self._back.release()
