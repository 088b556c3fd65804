"""Decides which addresses and hosts a call may reach (protection against server-side request forgery)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "169.254.169.254", "169.254.170.2", "fd00:ec2::254", "fd20:ce::254",  # AWS and similar clouds, Google on IPv6
        "168.63.129.16",  # Azure; a public address
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
    )
)  # fmt: skip
"""Metadata services of clouds, which give credentials to any caller."""

# Registries: RFC 6890 and IANA's special-purpose address registries for IPv4 and IPv6.
_SHARED = ipaddress.ip_network("100.64.0.0/10")  # RFC 6598, carrier-grade NAT
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")  # RFC 3879, deprecated and still routed by some
_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291 2.5.5.1, an IPv4 address in the deprecated embedding
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
_RESERVED = tuple(
    ipaddress.ip_network(network)
    for network in ("64:ff9b:1::/48", "3fff::/20", "192.88.99.0/24")  # RFC 8215, RFC 9637, RFC 7526
)

ALWAYS_REFUSED = frozenset({"metadata", "link-local", "multicast", "unspecified"})
"""Rules that hold even for allowed networks."""


def refusal(address: Address, allowed: Iterable[Network] = ()) -> str | None:
    """Return the rule that forbids calling an address, or None.

    Args:
        address: The target address.
        allowed: Networks that may be called although they are private or local.
    """
    rule = _rule(address)
    if rule is None or rule in ALWAYS_REFUSED:
        return rule
    inner = _inner(address) or address
    return None if any(inner.version == network.version and inner in network for network in allowed) else rule


def _rule(address: Address) -> str | None:
    inner = _inner(address)
    if inner is not None:
        return _rule(inner)
    if address in METADATA:
        return "metadata"
    for rule, holds in (
        ("multicast", address.is_multicast),
        ("unspecified", address.is_unspecified),
        ("loopback", address.is_loopback),
        ("link-local", address.is_link_local),
        ("shared", address in _SHARED),
        ("reserved", any(address in network for network in _RESERVED)),
        ("private", address.is_private or address in _SITE_LOCAL),
        ("reserved", address.is_reserved or not address.is_global),
    ):
        if holds:
            return rule
    return None


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that is embedded in an IPv6 address, and reached through it; None if there is none."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


_HOST = re.compile(r"(?P<below>\*\.)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class HostRule:
    """A host that may be called: ``api.example.org``, ``*.example.org`` for every name below it, either with a port."""

    host: str
    below: bool
    port: int | None
    """None means the default port of the scheme."""

    @classmethod
    def parse(cls, text: str) -> HostRule:
        """Parse a rule.

        Raises:
            ValueError: The text is not a valid host, or matches more than the names below one domain.
        """
        found = _HOST.fullmatch(text)
        if found is None or (found["below"] and "." not in named(found["name"])):
            raise ValueError(
                f"{text!r} is not a valid host; write api.example.org, or *.example.org for the names below it"
            )
        port = None if found["port"] is None else int(found["port"])
        if port is not None and not 0 < port < 65_536:
            raise ValueError(f"{text!r} has no port from 1 to 65535")
        return cls(named(found["name"]), bool(found["below"]), port)

    def covers(self, host: str, port: int, usual: int) -> bool:
        """Return True when a host and port may be called by this rule.

        Args:
            host: A result of ``named``.
            port: The target port.
            usual: The default port of the scheme.
        """
        if port != (usual if self.port is None else self.port):
            return False
        return host.endswith(f".{self.host}") if self.below else host == self.host


def named(host: str) -> str:
    """Return a host in the canonical form for comparisons."""
    return host.strip("[]").rstrip(".").lower()
