"""Faults over HTTP: a small service of the stack, on a port of its own, so that no client of CloudServer can meet it.

GET    /faults         what is in force, as it was written, with how often it has ``fired``
POST   /faults         put rules in force: one, a list, or ``{"faults": [...]}``, in JSON or YAML; their names
DELETE /faults         nothing goes wrong any more
DELETE /faults/<name>  this one does not
GET    /fired          what went wrong so far
"""

from __future__ import annotations

import http
import json
from collections.abc import Callable, Iterable
from typing import Any

from harness.errors import HarnessError, StackError
from harness.faults.control import FaultControl
from harness.faults.description import load_text

_LARGEST = 2**20


class FaultEndpoint:
    """A WSGI application in front of a :class:`FaultControl`. Errors are one line: 400, 404, 503."""

    def __init__(self, control: FaultControl) -> None:
        self._control = control

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, document = self._answer(environ)
        body = json.dumps(document, ensure_ascii=False).encode() + b"\n"
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status} {http.HTTPStatus(status).phrase}", headers)
        return [body]

    def _answer(self, environ: dict[str, Any]) -> tuple[int, Any]:
        place, _, name = str(environ["PATH_INFO"]).strip("/").partition("/")
        try:
            match environ["REQUEST_METHOD"], place, name:
                case "GET", "faults", "":
                    return 200, self._control.rules()
                case "POST", "faults", "":
                    return self._add(environ)
                case "DELETE", "faults", _:
                    if name and name not in self._control.rules():
                        return 404, {"error": f"there is no fault {name}"}
                    self._control.clear([name] if name else None)
                    return 200, {}
                case "GET", "fired", "":
                    return 200, [one.to_json() for one in self._control.fired()]
        except StackError as error:
            return 503, {"error": str(error)}
        except HarnessError as error:
            return 400, {"error": str(error)}
        return 404, {"error": "there are GET, POST and DELETE /faults, DELETE /faults/<name> and GET /fired"}

    def _add(self, environ: dict[str, Any]) -> tuple[int, Any]:
        body: bytes = environ["wsgi.input"].read(_LARGEST + 1)
        if len(body) > _LARGEST:
            return 413, {"error": "that is more than 1 MiB"}
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return 400, {"error": "that is no UTF-8"}
        names = [self._control.set(rule) for rule in load_text(text, "request")]
        return 201, {"names": names}
