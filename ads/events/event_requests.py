"""A event of a browser about an ad, and what it says by itself: robots, prefetching, whose address it is."""

import datetime
import ipaddress
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from crawleruseragents import is_crawler
from django.conf import settings

from ads.infra.ip_ranges import IpRanges, IpRangesError, read_ip_ranges

logger = logging.getLogger(__name__)

# The list knows robots by name; these words give away the ones it does not know, and libraries of HTTP.
# CUBOT makes telephones.
BOT_WORDS = re.compile(
    r"(?<!cu)bot(?:\b|_)|crawl|spider|slurp|scrap|preview|fetch|monitor|uptime|curl/|wget/|python|aiohttp|httpx|go-http|java/|okhttp|libwww|axios"
    r"|node|facebookexternalhit|kakaotalk-scrap|yeti|daum\b",
    re.IGNORECASE,
)
# Browsers that are driven by a program. On the machine of a developer, that program works for a person.
AUTOMATION_AGENTS = re.compile(
    r"headless|phantom|selenium|webdriver|puppeteer|playwright|cypress|lighthouse", re.IGNORECASE
)
RANGES_TTL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class EventRequest:
    """One HTTP request about an ad, as far as judging it needs."""

    method: str
    agent: str
    address: str
    purpose: str
    at: datetime.datetime

    @property
    def network(self) -> str:
        """The network the event came from, coarse enough to name no person."""
        return network_of(self.address)


def network_of(address: str) -> str:
    """Return the /24 or /48 of an address; empty when it is none."""
    try:
        host = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((host, 24 if host.version == 4 else 48), strict=False))


def detect_bot(event: EventRequest) -> str:
    """Return what shows that no person is behind the event, in one word; empty when nothing does."""
    if event.method == "HEAD":
        return "head"
    if "prefetch" in event.purpose or "prerender" in event.purpose or "preview" in event.purpose:
        return "prefetch"
    if not event.agent or BOT_WORDS.search(event.agent):
        return "robot"
    if AUTOMATION_AGENTS.search(event.agent):
        return "" if _is_local_developer(event.address) else "robot"
    return "robot" if is_known_crawler(event.agent) else ""


@lru_cache(maxsize=4096)
def is_known_crawler(agent: str) -> bool:
    """Say whether the list of crawlers knows this user agent."""
    return bool(is_crawler(agent))


def find_invalid_address(address: str) -> str:
    """Return what is wrong with where the event comes from: the house itself, or a datacenter."""
    if address in _platform_ranges(tuple(settings.ADS_OWN_NETWORKS)):
        return "house"
    if address in datacenter_ranges():
        return "datacenter"
    return ""


def is_in_networks(networks: Sequence[str], address: str) -> bool:
    """Say whether the address is in one of these networks; a network that is none contains nothing."""
    return bool(networks) and address in _ranges_of(tuple(networks))


class _DatacenterRanges:
    """The datacenter ranges of this process, read anew when the file changes."""

    ranges = IpRanges(())
    path = ""
    stamp = 0.0
    checked = -RANGES_TTL_SECONDS


def datacenter_ranges() -> IpRanges:
    """Return the ranges of the file that ADS_DATACENTER_RANGES names; none when there is no such file."""
    path = settings.ADS_DATACENTER_RANGES
    if path == _DatacenterRanges.path and time.monotonic() - _DatacenterRanges.checked < RANGES_TTL_SECONDS:
        return _DatacenterRanges.ranges
    _DatacenterRanges.checked = time.monotonic()
    if not path:
        _DatacenterRanges.path, _DatacenterRanges.ranges, _DatacenterRanges.stamp = "", IpRanges(()), 0.0
        return _DatacenterRanges.ranges
    try:
        stamp = Path(path).stat().st_mtime
        if (path, stamp) != (_DatacenterRanges.path, _DatacenterRanges.stamp):
            _DatacenterRanges.ranges = read_ip_ranges(Path(path))
            _DatacenterRanges.path, _DatacenterRanges.stamp = path, stamp
            logger.info("%d datacenter ranges read from %s", _DatacenterRanges.ranges.count, path)
    except (OSError, IpRangesError):
        # The list that was read before goes on: half a list would let half of the robots in.
        _DatacenterRanges.path = path
        logger.exception(
            "ADS_DATACENTER_RANGES cannot be read; going on with %d", _DatacenterRanges.ranges.count
        )
    return _DatacenterRanges.ranges


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
    # Only a site that calls itself local has a developer for a visitor; elsewhere the address says nothing.
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    is_local_site = host == "localhost" or host.endswith(".localhost") or _is_loopback(host)
    return is_local_site and _is_loopback(address)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
