"""Sets of IP networks as a binary radix tree: whether an address is inside costs one step a bit, at most."""

import ipaddress
from array import array
from collections.abc import Iterable
from pathlib import Path

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class IpRangesError(ValueError):
    """A list of networks has a line that is none."""


class IpRanges:
    """Networks of both families; a network inside another adds nothing."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._trees = {4: _RadixTree(32), 6: _RadixTree(128)}
        self.count = 0
        for network in networks:
            parsed = ipaddress.ip_network(network, strict=False)
            self._trees[parsed.version].add(int(parsed.network_address), parsed.prefixlen)
            self.count += 1

    def __contains__(self, address: str) -> bool:
        try:
            host = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(host, "ipv4_mapped", None)
        host = mapped or host
        return self._trees[host.version].contains(int(host))


class _RadixTree:
    """Nodes in two flat arrays: the places of a node's children, 0 for none, -1 where a network ends."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._children = (array("i", [0]), array("i", [0]))

    def add(self, number: int, length: int) -> None:
        if length == 0:
            self._children[0][0] = self._children[1][0] = -1
            return
        node = 0
        for place in range(length):
            side = self._children[number >> (self._bits - 1 - place) & 1]
            if side[node] == -1:
                return
            if place == length - 1:
                side[node] = -1
                return
            if side[node] == 0:
                side[node] = len(side)
                for each in self._children:
                    each.append(0)
            node = side[node]

    def contains(self, number: int) -> bool:
        node = 0
        for shift in range(self._bits - 1, -1, -1):
            node = self._children[number >> shift & 1][node]
            if node <= 0:
                return node == -1
        return False


def read_ip_ranges(path: Path) -> IpRanges:
    """Read a file with one network a line, `#` starts a comment; raises RangesError naming a bad line."""
    networks = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        network = line.partition("#")[0].strip()
        if not network:
            continue
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise IpRangesError(f"{path}, line {number}: {network!r} is no network") from error
        networks.append(network)
    return IpRanges(networks)
