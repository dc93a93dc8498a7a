"""What an advertiser may name as its own addresses, and how people write them. Pure.

NetworkError > NotANetworkError | TooWideError | InnerNetworkError
"""

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# An office or a home, by family. Wider ones are a provider's: naming them would make strangers' clicks free.
MIN_PREFIX_LENGTH = {4: 24, 6: 48}
MAX_NETWORKS = 100
# Visitors from here are known by their IPv4 addresses, so that a network of these would hold nobody.
IPV4_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


class NetworkError(ValueError):
    """This cannot be named as one's own."""


class InvalidNetworkError(NetworkError):
    """Neither an address nor a network."""


class NetworkTooWideError(NetworkError):
    """More addresses than an office or a home has."""


class PrivateNetworkError(NetworkError):
    """An address behind a router, which no visit from outside ever shows."""


def parse_network(text: str, *, allows_private: bool = False) -> str:
    """Return one line as a network in its plain form: an address, a CIDR, or `203.0.113.*`; NetworkError."""
    network = _parse(text.strip())
    if network.is_multicast or network.is_unspecified or _overlaps_ipv4_mapped(network):
        raise InvalidNetworkError(text)
    if network.prefixlen < MIN_PREFIX_LENGTH[network.version]:
        raise NetworkTooWideError(text)
    if not allows_private and not network.is_global:
        raise PrivateNetworkError(text)
    return str(network.network_address if network.num_addresses == 1 else network)


def is_private_address(address: str) -> bool:
    """Say whether a visit with this address came from inside: then so may what is named."""
    try:
        return not unmap_ipv4(ipaddress.ip_address(address)).is_global
    except ValueError:
        return False


def unmap_ipv4(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IPv4 address in an IPv4-mapped one, which IPv6 sockets report; others unchanged."""
    return getattr(address, "ipv4_mapped", None) or address


def _parse(text: str) -> Network:
    if text.endswith(".*"):
        text = f"{text.removesuffix('.*')}.0/24"
    try:
        if "/" not in text:
            return ipaddress.ip_network(unmap_ipv4(ipaddress.ip_address(text)))
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidNetworkError(text) from error


def _overlaps_ipv4_mapped(network: Network) -> bool:
    return isinstance(network, ipaddress.IPv6Network) and network.overlaps(IPV4_MAPPED)
