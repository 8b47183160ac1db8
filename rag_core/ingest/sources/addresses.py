"""Which network addresses a source may reach: the public ones, judged after the name was resolved."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from rag_core.errors import DocumentError

__all__ = ["PrivateAddress", "Resolver", "is_public", "public_addresses", "system_resolver"]

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) -> its IP addresses, best first. Raises OSError when there are none."""


class PrivateAddress(DocumentError):
    """A host that a source may not reach unless its setting allow_private says so."""


# The special-purpose registries of IANA, written out: what ipaddress calls private differs between Pythons.
_SPECIAL_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, which hands out a machine's configuration
        "169.254.0.0/16",  # link-local, and every cloud's metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_UNICAST_6 = IPv6Network("2000::/3")
_SPECIAL_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments; Teredo, which embeds an IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4, which embeds an IPv4 address
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to a host of the public internet. What is no IP address does not."""
    try:
        parsed = ip_address(address.split("%")[0])
    except ValueError:
        return False
    return _is_public_4(parsed) if isinstance(parsed, IPv4Address) else _is_public_6(parsed)


def _is_public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in _SPECIAL_4)


def _is_public_6(address: IPv6Address) -> bool:
    # A network with IPv6 only reaches IPv4 hosts through NAT64, so these are judged by what they embed.
    if address in _NAT64:
        return _is_public_4(IPv4Address(address.packed[-4:]))
    if address.ipv4_mapped is not None:
        return _is_public_4(address.ipv4_mapped)
    return address in _UNICAST_6 and not any(address in network for network in _SPECIAL_6)


async def public_addresses(
    host: str, port: int, resolve: Resolver, is_allowed: Callable[[str], bool] = is_public
) -> Sequence[str]:
    """The addresses of a host, all of them public, or whatever else is_allowed demands.

    Raises:
        PrivateAddress: one of them is not; a name with a public and a private address is refused as well.
        OSError: the name cannot be resolved.
    """
    addresses = await resolve(host, port)
    for address in addresses:
        if not is_allowed(address):
            named = f" ({host})" if host != address else ""
            raise PrivateAddress(
                f"leads to {address}{named}, a private or reserved address, which is not reached "
                "unless the source's setting allow_private is true"
            )
    return addresses


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses that the operating system knows for a host, in the order it recommends."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
