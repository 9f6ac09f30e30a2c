"""What can go wrong in the harness, as one tree.

    HarnessError                 shown to a user as one line, exit status 2
     ├─ StackError               a part of the stack did not start, or died
     ├─ ScenarioError            a scenario file that cannot be run: file:line and what is allowed
     └─ UsageError               a command line or a setting that makes no sense

What replication itself can meet (a refusing server, a broken stream) lives in ``harness.engine``.
"""

from __future__ import annotations


class HarnessError(Exception):
    """Anything the harness says to its user in one line."""


class StackError(HarnessError):
    """A part of the stack did not start, did not get ready, or died."""


class ScenarioError(HarnessError):
    """A scenario file that cannot be run."""


class UsageError(HarnessError):
    """A command line or a setting that makes no sense."""
