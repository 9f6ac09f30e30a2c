"""What is wrong with a tape."""

from __future__ import annotations

from harness.errors import HarnessError


class TapeError(HarnessError):
    """A tape that cannot be read or played: damaged, of another version, or beyond what a tape may be.

    The message is one line; it begins with the place when there is one (``line 7: ...``).
    """
