"""What the API objects to: a status, and a body that says nothing but the error's name."""

from __future__ import annotations

from harness.engine.javascript import stringify

_STATUS = {
    "AccessDenied": 403,
    "InternalError": 500,
    "InvalidQueryParameter": 400,
    "MalformedPOSTRequest": 400,
    "MethodNotAllowed": 405,
    "RouteNotFound": 404,
}


class ApiError(Exception):
    """An answer that is an error; ``name`` is one of Arsenal's (lib/errors/arsenalErrors.ts)."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.status = _STATUS[name]

    @property
    def body(self) -> str:
        return stringify({self.name: True})
