"""What all settings have in common."""

from __future__ import annotations

from typing import Annotated

import pydantic
from pydantic.alias_generators import to_camel

Port = Annotated[int, pydantic.Field(ge=1, le=65_535)]
#: A port to listen on; 0 takes a free one.
ListeningPort = Annotated[int, pydantic.Field(ge=0, le=65_535)]
Positive = Annotated[int, pydantic.Field(ge=1)]


class Model(pydantic.BaseModel):
    """Understood in Python's spelling and in Backbeat's; unknown members are ignored, as Backbeat ignores them."""

    model_config = pydantic.ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="ignore"
    )


def url_of(transport: str, host: str, port: int) -> str:
    """Of a server; an address of version 6 gets its brackets."""
    return f"{transport}://[{host}]:{port}" if ":" in host else f"{transport}://{host}:{port}"
