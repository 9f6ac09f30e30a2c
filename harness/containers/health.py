"""``python -m harness.containers.health WHAT…``: the health check of our containers.

WHAT is a URL, or the file that ``harness engine --ready-file`` writes, which tells where the engine's probe servers
are. Exit status 0 when everything answers and nothing answers that it is broken, 1 otherwise; then it says what is.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

#: Seconds; a container's health is looked at every few of them.
_TIMEOUT = 3.0
_PROBES = "_probes"
#: What is looked at is near: a proxy is not to be asked.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
#: Arsenal lib/network/probe/ProbeServer.ts
_READY = "/_/ready"


def problems(targets: Sequence[str]) -> Iterator[str]:
    """What is wrong with each, in words."""
    for target in targets:
        if target.startswith(("http://", "https://")):
            yield from _problem(target)
        else:
            yield from _engine_problems(Path(target))


def _engine_problems(file: Path) -> Iterator[str]:
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        yield f"{file}: {error}"
        return
    for name, url in facts.items():
        if name.endswith(_PROBES):
            yield from _problem(url + _READY)


def _problem(url: str) -> Iterator[str]:
    try:
        _OPENER.open(url, timeout=_TIMEOUT).close()
    except urllib.error.HTTPError as error:
        with error:
            if error.code >= 500:  # who is refused has been answered
                yield f"{url}: {error.code} {error.read(500).decode(errors='replace')}"
    except OSError as error:
        yield f"{url}: {error}"


def main() -> None:
    """Look at everything that the command line names."""
    found = list(problems(sys.argv[1:]))
    sys.stderr.write("".join(f"{line}\n" for line in found))
    sys.exit(1 if found or len(sys.argv) == 1 else 0)


if __name__ == "__main__":
    main()
