"""botocore's model of S3, read once for all clients, verbs and faults of this process."""

from __future__ import annotations

import functools
from typing import Any


@functools.cache
def _loader() -> Any:
    """A session of its own would read two megabytes of JSON again."""
    from botocore.session import get_session

    return get_session().get_component("data_loader")


def botocore_session() -> Any:
    """A new session of botocore, which shares the model with all others from here."""
    from botocore.session import get_session

    session = get_session()
    session.register_component("data_loader", _loader())
    return session


def service_model() -> Any:
    """botocore's ServiceModel of S3."""
    return botocore_session().get_service_model("s3")
