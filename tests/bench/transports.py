"""The processor time that one small request costs its client, library by library.

    python tests/bench/transports.py [--requests 500] [--rounds 5]

The server is a process of its own and every client sends the same signed request, so that what is left is the client's
own work: ``thread_time`` of the calling thread.
"""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable

import click
import requests
import urllib3
from servers import FAKE, running

from fake_cloudserver import SystemClock
from harness.engine.signing import Credentials, SignatureV4
from harness.http_transport import HttpTransport

Call = Callable[[], object]


def clients(url: str, port: int, headers: dict[str, str]) -> dict[str, Call]:
    """One request by each of them."""
    session, pool = requests.Session(), urllib3.HTTPConnectionPool("127.0.0.1", port)
    connection, ours = http.client.HTTPConnection("127.0.0.1", port), HttpTransport()

    def bare() -> object:
        connection.request("GET", "/", headers=headers)
        return connection.getresponse().read()

    return {
        "requests": lambda: session.get(url, headers=headers).content,
        "urllib3": lambda: pool.request("GET", "/", headers=headers).data,
        "http.client": bare,
        "HttpTransport": lambda: ours.send("GET", url, headers).read(),
    }


def milliseconds(call: Call, count: int) -> float:
    call()
    begun = time.thread_time()
    for _ in range(count):
        call()
    return (time.thread_time() - begun) / count * 1000


@click.command()
@click.option("--requests", "count", default=500, show_default=True)
@click.option("--rounds", default=5, show_default=True)
def main(count: int, rounds: int) -> None:
    with running(FAKE) as target:
        url = f"http://{target.host}/"
        signer = SignatureV4(Credentials(target.access_key, target.secret_key), SystemClock())
        calls = clients(url, target.port, signer.sign("GET", url, {}))
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(rounds):
            for name, call in calls.items():
                taken[name].append(milliseconds(call, count))
    click.echo("| client | CPU ms a request | [lowest to highest] |\n|---|---|---|")
    for name, found in taken.items():
        click.echo(f"| {name} | {statistics.median(found):.2f} | [{min(found):.2f} to {max(found):.2f}] |")


if __name__ == "__main__":
    main()
