"""Everything one running fake holds, handed to every operation."""

from __future__ import annotations

import dataclasses

from fake_cloudserver.auth.accounts import Accounts
from fake_cloudserver.clock import Clock
from fake_cloudserver.locations.gateway import MultipleBackendGateway
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.randomness import Randomness
from fake_cloudserver.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True)
class CloudServer:
    """The parts of one fake; a process may hold several, none of them global."""

    settings: Settings
    accounts: Accounts
    metadata: MetadataStore
    gateway: MultipleBackendGateway
    clock: Clock
    randomness: Randomness
