"""HTTP requests that report an impression or a click, and what shows by themselves that they are invalid."""

import datetime
import ipaddress
import logging
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

from cachetools import TTLCache, cached
from crawleruseragents import is_crawler
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from ads.domain.invalid_reasons import InvalidReason
from ads.domain.networks import unmap_ipv4

logger = logging.getLogger(__name__)

# Bots and HTTP libraries that the list of crawlers does not know. CUBOT is a maker of phones.
BOT_WORDS = re.compile(
    r"(?<!cu)bot(?:\b|_)|crawl|spider|slurp|scrap|preview|fetch|monitor|uptime|curl/|wget/|python|aiohttp|httpx|go-http|java/|okhttp|libwww|axios"
    r"|node|facebookexternalhit|kakaotalk-scrap|yeti|daum\b",
    re.IGNORECASE,
)
# Browsers driven by a program, which are allowed on a developer's own machine.
AUTOMATION_AGENTS = re.compile(
    r"headless|phantom|selenium|webdriver|puppeteer|playwright|cypress|lighthouse", re.IGNORECASE
)
RANGES_TTL_SECONDS = 60.0


class IpRangesError(ValueError):
    """A file of networks has a line that is not a network."""


class IpRanges:
    """Networks of both families, which may overlap; contains addresses as text, by a binary search."""

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


@dataclass(frozen=True, slots=True)
class EventRequest:
    """The properties of a request that invalid traffic detection uses."""

    method: str
    agent: str
    address: str
    purpose: str
    at: datetime.datetime

    @property
    def network(self) -> str:
        """The network the request came from, too coarse to identify a person."""
        return network_of(self.address)


def read_event_request(request: HttpRequest) -> EventRequest:
    """Return the properties of a Django request."""
    headers = request.headers
    return EventRequest(
        method=request.method or "",
        agent=headers.get("User-Agent", ""),
        address=client_address(request),
        purpose=" ".join(headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose")),
        at=timezone.now(),
    )


def client_address(request: HttpRequest) -> str:
    """Return the visitor's address; empty when it is not one. config.client_address resolves proxies."""
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return ""


def network_of(address: str) -> str:
    """Return the /24 (IPv4) or /48 (IPv6) network of an address; empty when it is not an address."""
    try:
        host = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((host, 24 if host.version == 4 else 48), strict=False))


def detect_bot(event: EventRequest) -> str:
    """Return why a request is not a person's; empty when it may be."""
    if event.method == "HEAD":
        return InvalidReason.HEAD
    if "prefetch" in event.purpose or "prerender" in event.purpose or "preview" in event.purpose:
        return InvalidReason.PREFETCH
    if not event.agent or BOT_WORDS.search(event.agent):
        return InvalidReason.ROBOT
    if AUTOMATION_AGENTS.search(event.agent):
        return "" if _is_local_developer(event.address) else InvalidReason.ROBOT
    return InvalidReason.ROBOT if is_known_crawler(event.agent) else ""


@lru_cache(maxsize=4096)
def is_known_crawler(agent: str) -> bool:
    """Return whether the list of crawlers contains this user agent."""
    return bool(is_crawler(agent))


def find_invalid_address(address: str) -> str:
    """Return why clicks from this address are invalid; empty when they are not."""
    if address in _platform_ranges(tuple(settings.ADS_OWN_NETWORKS)):
        return InvalidReason.PLATFORM_ADDRESS
    if address in datacenter_ranges():
        return InvalidReason.DATACENTER
    return ""


def is_in_networks(networks: Sequence[str], address: str) -> bool:
    """Return whether an address is in one of these networks; malformed networks contain nothing."""
    return bool(networks) and address in _ranges_of(tuple(networks))


def datacenter_ranges() -> IpRanges:
    """Return the ranges of the file that ADS_DATACENTER_RANGES names; empty without a file."""
    path = settings.ADS_DATACENTER_RANGES
    return _check_ranges(path) if path else _NO_RANGES


_NO_RANGES = IpRanges(())
# By path: when the file was changed, and its ranges.
_last_read: dict[str, tuple[float, IpRanges]] = {}


@cached(TTLCache(1, RANGES_TTL_SECONDS), lock=Lock())
def _check_ranges(path: str) -> IpRanges:
    read_at, ranges = _last_read.get(path, (0.0, _NO_RANGES))
    try:
        changed_at = Path(path).stat().st_mtime
        if path not in _last_read or changed_at != read_at:
            ranges = read_ip_ranges(Path(path))
            _last_read[path] = changed_at, ranges
            logger.info("%d datacenter ranges read from %s", ranges.count, path)
    except (OSError, IpRangesError):
        # The previous list stays in use: a partial one would miss part of the invalid traffic.
        logger.exception("ADS_DATACENTER_RANGES cannot be read; going on with %d", ranges.count)
    return ranges


@lru_cache(maxsize=4)
def _platform_ranges(networks: tuple[str, ...]) -> IpRanges:
    return IpRanges(networks)


@lru_cache(maxsize=256)
def _ranges_of(networks: tuple[str, ...]) -> IpRanges:
    return IpRanges(network for network in networks if _is_network(network))


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_local_developer(address: str) -> bool:
    # Only a site with a local address is visited by its developer; behind a proxy every address may be local.
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    is_local_site = host == "localhost" or host.endswith(".localhost") or _is_loopback(host)
    return is_local_site and _is_loopback(address)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
