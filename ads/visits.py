"""A visit of a browser about an ad, and what it says by itself: robots, prefetching, whose address it is."""

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

from ads.ranges import Ranges, RangesError, read_ranges

logger = logging.getLogger(__name__)

# The list knows robots by name; these words give away the ones it does not know, and libraries of HTTP.
# CUBOT makes telephones.
BOT_WORDS = re.compile(
    r"(?<!cu)bot(?:\b|_)|crawl|spider|slurp|scrap|preview|fetch|monitor|uptime|curl/|wget/|python|aiohttp|httpx|go-http|java/|okhttp|libwww|axios"
    r"|node|facebookexternalhit|kakaotalk-scrap|yeti|daum\b",
    re.IGNORECASE,
)
# Browsers that are driven by a program. On the machine of a developer, that program works for a person.
DRIVEN_AGENTS = re.compile(
    r"headless|phantom|selenium|webdriver|puppeteer|playwright|cypress|lighthouse", re.IGNORECASE
)
RANGES_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Visit:
    """One HTTP request about an ad, as far as judging it needs."""

    method: str
    agent: str
    address: str
    purpose: str
    at: datetime.datetime

    @property
    def network(self) -> str:
        """The network the visit came from, coarse enough to name no person."""
        return network_of(self.address)


def network_of(address: str) -> str:
    """Return the /24 or /48 of an address; empty when it is none."""
    try:
        host = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((host, 24 if host.version == 4 else 48), strict=False))


def find_machine(visit: Visit) -> str:
    """Return what shows that no person is behind the visit, in one word; empty when nothing does."""
    if visit.method == "HEAD":
        return "head"
    if "prefetch" in visit.purpose or "prerender" in visit.purpose or "preview" in visit.purpose:
        return "prefetch"
    if not visit.agent or BOT_WORDS.search(visit.agent):
        return "robot"
    if DRIVEN_AGENTS.search(visit.agent):
        return "" if _is_at_home(visit.address) else "robot"
    return "robot" if is_robot(visit.agent) else ""


@lru_cache(maxsize=4096)
def is_robot(agent: str) -> bool:
    """Say whether the list of crawlers knows this user agent."""
    return bool(is_crawler(agent))


def find_bad_address(address: str) -> str:
    """Return what is wrong with where the visit comes from: the house itself, or a datacenter."""
    if address in _house(tuple(settings.ADS_OWN_NETWORKS)):
        return "house"
    if address in datacenters():
        return "datacenter"
    return ""


def is_inside(networks: Sequence[str], address: str) -> bool:
    """Say whether the address is in one of these networks; a network that is none contains nothing."""
    return bool(networks) and address in _ranges_of(tuple(networks))


class _Shelf:
    """The datacenter ranges of this process, read anew when the file changes."""

    ranges = Ranges(())
    path = ""
    stamp = 0.0
    checked = -RANGES_SECONDS


def datacenters() -> Ranges:
    """Return the ranges of the file that ADS_DATACENTER_RANGES names; none when there is no such file."""
    path = settings.ADS_DATACENTER_RANGES
    if path == _Shelf.path and time.monotonic() - _Shelf.checked < RANGES_SECONDS:
        return _Shelf.ranges
    _Shelf.checked = time.monotonic()
    if not path:
        _Shelf.path, _Shelf.ranges, _Shelf.stamp = "", Ranges(()), 0.0
        return _Shelf.ranges
    try:
        stamp = Path(path).stat().st_mtime
        if (path, stamp) != (_Shelf.path, _Shelf.stamp):
            _Shelf.ranges = read_ranges(Path(path))
            _Shelf.path, _Shelf.stamp = path, stamp
            logger.info("%d datacenter ranges read from %s", _Shelf.ranges.count, path)
    except (OSError, RangesError):
        # The list that was read before goes on: half a list would let half of the robots in.
        _Shelf.path = path
        logger.exception("ADS_DATACENTER_RANGES cannot be read; going on with %d", _Shelf.ranges.count)
    return _Shelf.ranges


@lru_cache(maxsize=4)
def _house(networks: tuple[str, ...]) -> Ranges:
    return Ranges(networks)


@lru_cache(maxsize=256)
def _ranges_of(networks: tuple[str, ...]) -> Ranges:
    return Ranges(network for network in networks if _is_network(network))


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_at_home(address: str) -> bool:
    # Only a site that calls itself local has a developer for a visitor; elsewhere the address says nothing.
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    is_local_site = host == "localhost" or host.endswith(".localhost") or _is_loopback(host)
    return is_local_site and _is_loopback(address)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
