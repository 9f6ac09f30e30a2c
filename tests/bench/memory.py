"""The resident set of a process, as Linux counts it."""

from __future__ import annotations

from pathlib import Path


class Memory:
    """How much a process's memory grows from now on."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        (self._folder / "clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
        self._before = self._read("VmRSS")

    def growth(self) -> float:
        """Mebibytes that there are more now."""
        return (self._read("VmRSS") - self._before) / 1024

    def peak_growth(self) -> float:
        """Mebibytes that the peak lies above the beginning."""
        return (self._read("VmHWM") - self._before) / 1024

    def _read(self, name: str) -> int:
        """Kibibytes."""
        lines = (self._folder / "status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
