"""One place to set faults in a stack, wherever they are to happen."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from harness.errors import StackError, UsageError
from harness.faults.description import to_rule
from harness.faults.rules import FaultBoard, Fired
from harness.scenario.problems import unknown

#: The word that a child process of the stack takes orders about faults by.
COMMAND = "fault"


class Board(Protocol):
    """Rules in force somewhere. A rule is written as ``description.RULE`` has it."""

    def add(self, name: str, rule: Mapping[str, Any]) -> None: ...

    def clear(self, names: Iterable[str] | None = None) -> None: ...

    def reset(self) -> None: ...

    def counts(self) -> dict[str, int]: ...

    def fired(self) -> list[Fired]: ...


class LocalBoard:
    """A board in this process."""

    def __init__(self, board: FaultBoard) -> None:
        self._board = board

    def add(self, name: str, rule: Mapping[str, Any]) -> None:
        self._board.add(name, to_rule(dict(rule)))

    def clear(self, names: Iterable[str] | None = None) -> None:
        self._board.clear(names)

    def reset(self) -> None:
        self._board.reset()

    def counts(self) -> dict[str, int]:
        return self._board.counts()

    def fired(self) -> list[Fired]:
        return self._board.fired()


class RemoteBoard:
    """A board in a child process, which :func:`obey` serves there.

    Args:
        ask: sends a line and gives the JSON that answers it.
    """

    def __init__(self, ask: Callable[[str], dict[str, Any]]) -> None:
        self._ask = ask

    def add(self, name: str, rule: Mapping[str, Any]) -> None:
        self._order("add", name=name, rule=rule)

    def clear(self, names: Iterable[str] | None = None) -> None:
        self._order("clear", names=None if names is None else list(names))

    def reset(self) -> None:
        self._order("reset")

    def counts(self) -> dict[str, int]:
        return dict(self._order("counts")["counts"])

    def fired(self) -> list[Fired]:
        return [Fired.from_json(one) for one in self._order("fired")["fired"]]

    def _order(self, verb: str, **arguments: Any) -> dict[str, Any]:
        return self._ask(f"{COMMAND} {json.dumps({'do': verb, **arguments})}")


def obey(board: FaultBoard, text: str) -> dict[str, Any]:
    """In a child: carry out what :class:`RemoteBoard` sent, without its first word; what to answer."""
    order = json.loads(text)
    match order["do"]:
        case "add":
            board.add(order["name"], to_rule(order["rule"]))
        case "clear":
            board.clear(order["names"])
        case "reset":
            board.reset()
        case "counts":
            return {"counts": board.counts()}
        case "fired":
            return {"fired": [one.to_json() for one in board.fired()]}
    return {}


class FaultControl:
    """Sets rules where they belong.

    Args:
        boards: site -> the boards where a rule for it is to be in force.
    """

    def __init__(self, boards: Mapping[str, Callable[[], list[Board]]]) -> None:
        self._boards = boards
        #: Told of each rule that is ``set``, and of each that is ``clear``ed.
        self.listener: Callable[[str, str, Mapping[str, Any] | None], None] = lambda *_: None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._rules: dict[str, dict[str, Any]] = {}
        self._spent: set[str] = set()  # a rule that kills is for one process, not for the next one too

    def set(self, rule: Mapping[str, Any]) -> str:
        """Put a rule in force; its name.

        Raises:
            UsageError: it makes no sense, or there is no such site.
            StackError: the process that it is for is gone.
        """
        written = dict(rule)
        to_rule(written)
        site = str(written["site"])
        if site not in self._boards:
            raise UsageError(unknown("site", site, self._boards))
        with self._lock:
            name = f"fault-{next(self._numbers)}"
            self._rules[name] = written
        self.listener("set", name, written)
        for board in self._boards[site]():
            self._hand(name, written, board)
        return name

    def clear(self, names: Iterable[str] | None = None) -> None:
        """Take rules out of force, all of them unless named; what they hold up goes on.

        Raises:
            UsageError: a name that no rule has.
        """
        with self._lock:
            chosen = list(self._rules) if names is None else list(names)
            for name in chosen:
                if name not in self._rules:
                    raise UsageError(unknown("fault", name, self._rules))
            gone = {name: str(self._rules.pop(name)["site"]) for name in chosen}
        for name in gone:
            self.listener("clear", name, None)
        for site in dict.fromkeys(gone.values()):
            for board in self._boards[site]():
                board.clear([name for name, at in gone.items() if at == site])

    def reset(self) -> None:
        """The same, and nothing is known of what went wrong before."""
        with self._lock:
            names = list(self._rules)
            self._rules.clear()
            self._spent.clear()
        for name in names:
            self.listener("clear", name, None)
        for board in self._all():
            board.reset()

    def rules(self) -> dict[str, dict[str, Any]]:
        """What is in force, as it was written, with how often it has ``fired``."""
        with self._lock:
            rules = dict(self._rules)
        counts: dict[str, int] = {}
        for board in self._all():
            for name, count in board.counts().items():
                counts[name] = counts.get(name, 0) + count
        return {name: {**rule, "fired": counts.get(name, 0)} for name, rule in rules.items()}

    def fired(self) -> list[Fired]:
        """Everything that went wrong on purpose, oldest first. What a process that is gone did is not known."""
        return sorted((one for board in self._all() for one in board.fired()), key=lambda one: one.at)

    def install(self, site: str, board: Board) -> None:
        """Put the rules in force that are for ``site`` on a board that has only just come to be."""
        with self._lock:
            rules = {name: rule for name, rule in self._rules.items() if rule["site"] == site}
        for name, rule in rules.items():
            if name not in self._spent:
                self._hand(name, rule, board)

    def _hand(self, name: str, rule: Mapping[str, Any], board: Board) -> None:
        board.add(name, rule)
        if rule.get("kill"):
            self._spent.add(name)

    def _all(self) -> list[Board]:
        """Every board once; those of processes that are gone are left out."""
        found: dict[int, Board] = {}
        for boards in self._boards.values():
            for board in boards():
                found.setdefault(id(board), board)
        alive = []
        for board in found.values():
            try:
                board.counts()
            except StackError:
                continue
            alive.append(board)
        return alive
