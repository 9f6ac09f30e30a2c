"""botocore's model of S3, read once for all clients, verbs and faults of this process."""

from __future__ import annotations

import functools
from typing import Any


@functools.cache
def _loader() -> Any:
    """A session of its own would read two megabytes of JSON again.

    Each client gets paths of its own: botocore cuts the bucket off them (botocore handlers.py,
    remove_bucket_from_url_paths_from_model), and who reads the model later would not find it.
    """
    from botocore.loaders import Loader

    class SharedModels(Loader):  # type: ignore[misc,unused-ignore]
        def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
            model = super().load_service_model(service_name, type_name, api_version)
            if "operations" not in model:
                return model
            operations = {name: one | {"http": dict(one["http"])} for name, one in model["operations"].items()}
            return {**model, "operations": operations}

    return SharedModels()


def botocore_session() -> Any:
    """A new session of botocore, which shares the model with all others from here."""
    from botocore.session import get_session

    session = get_session()
    session.register_component("data_loader", _loader())
    return session


def service_model() -> Any:
    """botocore's ServiceModel of S3."""
    return botocore_session().get_service_model("s3")
