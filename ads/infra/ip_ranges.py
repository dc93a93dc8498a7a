"""Sets of IP networks; a look-up is a binary search."""

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path

from ads.domain.networks import unmap_ipv4


class IpRangesError(ValueError):
    """A file of networks has a line that is not a network."""


class IpRanges:
    """Networks of both families, which may overlap; contains addresses as text."""

    def __init__(self, networks: Iterable[str]) -> None:
        parsed = [ipaddress.ip_network(network, strict=False) for network in networks]
        self.count = len(parsed)
        self._bounds: dict[int, tuple[list[int], list[int]]] = {}
        for version in (4, 6):
            of_version = (each for each in parsed if each.version == version)
            bounds = sorted((int(each.network_address), int(each.broadcast_address)) for each in of_version)
            # Of all networks that start up to there, as a wide one may contain later ones.
            last_addresses = accumulate((last for _, last in bounds), max)
            self._bounds[version] = [first for first, _ in bounds], list(last_addresses)

    def __contains__(self, address: str) -> bool:
        try:
            host = unmap_ipv4(ipaddress.ip_address(address))
        except ValueError:
            return False
        first_addresses, last_addresses = self._bounds[host.version]
        place = bisect_right(first_addresses, int(host)) - 1
        return place >= 0 and int(host) <= last_addresses[place]


def read_ip_ranges(path: Path) -> IpRanges:
    """Read a file with one network a line and `#` comments; raises IpRangesError naming a bad line."""
    networks = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        network = line.partition("#")[0].strip()
        if not network:
            continue
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise IpRangesError(f"{path}, line {number}: {network!r} is not a network") from error
        networks.append(network)
    return IpRanges(networks)
