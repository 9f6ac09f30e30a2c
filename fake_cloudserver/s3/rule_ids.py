"""Ids that CloudServer gives to rules sent without one."""

from __future__ import annotations

import base64

from fake_cloudserver.randomness import Randomness


def new_rule_id(randomness: Randomness) -> str:
    """Base64 of the text of a version-4 UUID: 48 characters.

    Source: Arsenal lib/models/ReplicationConfiguration.ts, LifecycleConfiguration.ts, NotificationConfiguration.ts.
    """
    return base64.b64encode(randomness.uuid4().encode()).decode()
