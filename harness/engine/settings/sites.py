"""Source and destinations: where they are, and as whom the engine speaks to them."""

from __future__ import annotations

from typing import Literal

import pydantic

from harness.engine.settings.base import Model, Port, url_of

CLOUD_TYPES = frozenset({"aws_s3", "azure", "gcp"})

CloudType = Literal["aws_s3", "azure", "gcp"]


class VaultSettings(Model):
    """Where roles are assumed. Without ``port`` it is reached through the CloudServer that it belongs to.

    ``admin_port`` and ``admin_credentials_file`` are read and not used: they are for Backbeat's echo mode only.
    """

    host: str | None = None
    port: Port | None = None
    admin_port: Port | None = None
    admin_credentials_file: str | None = None

    @property
    def url(self) -> str | None:
        """None when it is reached through a CloudServer."""
        if self.host is None or self.port is None:
            return None
        return url_of("http", self.host, self.port)


class AuthSettings(Model):
    """How the engine signs: with the keys of an account, or with temporary ones of the role that a rule names.

    Attributes:
        account: its name in authdata.json; keys, ``arn``, ``canonical_id`` and ``display_name`` come from there where
            Backbeat's configuration is read, and are given here otherwise.
        vault: who hands out keys for a role.
    """

    type: Literal["account", "service", "role"] = "account"
    account: str = ""
    access_key: str = ""
    secret_key: str = ""
    arn: str = ""
    canonical_id: str = pydantic.Field(
        default="", validation_alias=pydantic.AliasChoices("canonicalID", "canonicalId", "canonical_id")
    )
    display_name: str = ""
    vault: VaultSettings | None = None

    @pydantic.model_validator(mode="after")
    def _check_keys(self) -> AuthSettings:
        if self.type != "role" and not (self.access_key and self.secret_key):
            raise ValueError(f"type {self.type} needs accessKey and secretKey")
        return self


class SourceSettings(Model):
    """The CloudServer that holds the originals."""

    transport: Literal["http", "https"] = "http"
    host: str
    port: Port
    auth: AuthSettings

    @pydantic.model_validator(mode="after")
    def _check_vault(self) -> SourceSettings:
        if self.auth.type == "role" and (self.auth.vault is None or self.auth.vault.url is None):
            raise ValueError("auth.type role needs auth.vault.host and auth.vault.port")
        return self

    @property
    def url(self) -> str:
        return url_of(self.transport, self.host, self.port)


class DestinationSettings(Model):
    """How CloudServer destinations are spoken to; where they are is said by the bootstrap list."""

    transport: Literal["http", "https"] = "http"
    auth: AuthSettings


class SiteSettings(Model):
    """One item of the bootstrap list: a cloud site has a ``type``, a CloudServer site has ``servers``."""

    site: str
    type: CloudType | None = None
    servers: tuple[str, ...] = ()
    echo: bool = False
    default: bool = False
