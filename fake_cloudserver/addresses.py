"""IP addresses of callers."""

from __future__ import annotations

import ipaddress


def is_in_network(address: str, network: str) -> bool:
    """Whether an address is in a CIDR range, or is the one address that ``network`` names.

    An IPv4 address that came in over IPv6 (``::ffff:127.0.0.1``) counts as what it is. False for texts that are
    neither.
    """
    # Arsenal lib/ipCheck.ts (checkIPinRangeOrMatch)
    try:
        caller = ipaddress.ip_address(address)
        mapped = getattr(caller, "ipv4_mapped", None)
        return (mapped or caller) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
