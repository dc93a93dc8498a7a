"""Networks that an advertiser may declare as its own: parsing and limits. Pure.

NetworkError > InvalidNetworkError | NetworkTooWideError | PrivateNetworkError
"""

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# By IP version: an office or a home. A wider network belongs to a provider and would make other people's
# clicks free.
MIN_PREFIX_LENGTH = {4: 24, 6: 48}
MAX_NETWORKS = 100
# Client addresses of this range are stored as IPv4, so a declared network of it would never match.
IPV4_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


class NetworkError(ValueError):
    """The network cannot be declared."""


class InvalidNetworkError(NetworkError):
    """Neither an address nor a network."""


class NetworkTooWideError(NetworkError):
    """The network is wider than MIN_PREFIX_LENGTH allows."""


class PrivateNetworkError(NetworkError):
    """A private network, which never appears as a client address on a public site."""


def parse_network(text: str, *, allows_private: bool = False) -> str:
    """Return an address, a CIDR or `203.0.113.*` in normal form; raises NetworkError."""
    network = _parse(text.strip())
    if network.is_multicast or network.is_unspecified or _overlaps_ipv4_mapped(network):
        raise InvalidNetworkError(text)
    if network.prefixlen < MIN_PREFIX_LENGTH[network.version]:
        raise NetworkTooWideError(text)
    if not allows_private and not network.is_global:
        raise PrivateNetworkError(text)
    return str(network.network_address if network.num_addresses == 1 else network)


def is_private_address(address: str) -> bool:
    """Return whether a client address is private; then private networks may be declared too."""
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
