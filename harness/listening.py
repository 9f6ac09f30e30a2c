"""Addresses to listen on, and those under which this machine reaches what listens there."""

from __future__ import annotations

LOOPBACK = "127.0.0.1"
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104  (compared, not bound)


def is_wildcard(host: str) -> bool:
    """Whether it stands for every address that this machine has."""
    return host in _WILDCARDS


def reached(host: str) -> str:
    """Where this machine reaches what listens on ``host``: the loopback address for a wildcard, ``host`` otherwise."""
    return LOOPBACK if is_wildcard(host) else host
