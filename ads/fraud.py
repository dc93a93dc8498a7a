"""Judges visits: what is no person's look or click costs nothing, and every verdict keeps its reason."""

import datetime
import ipaddress
import logging
import re
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

import redis
from django.conf import settings

from ads.billing import Verdict
from ads.delivery import find_offer, keep_impression, landing_url, settle_click
from ads.fast_store import fast_store, key
from ads.models import Offer
from ads.person import Person
from ads.tokens import ExpiredTokenError, Purpose, read

logger = logging.getLogger(__name__)

# A look takes a second of sight, so neither can follow the auction sooner than this.
FASTEST_LOOK = datetime.timedelta(milliseconds=900)
FASTEST_CLICK = datetime.timedelta(milliseconds=400)
REPEAT_SECONDS = 30 * 60
NETWORK_CLICKS_A_MINUTE = 20
BOT_AGENTS = re.compile(
    r"bot\b|bot[/;_-]|crawl|spider|slurp|scrap|preview|fetch|monitor|uptime|curl/|wget/|python|aiohttp|httpx|go-http|java/|okhttp|libwww|axios"
    r"|node|facebookexternalhit|kakaotalk-scrap|yeti|daum\b",
    re.IGNORECASE,
)
# Browsers that are driven by a program. On the machine of a developer, that program works for a person.
DRIVEN_AGENTS = re.compile(
    r"headless|phantom|selenium|webdriver|puppeteer|playwright|cypress|lighthouse", re.IGNORECASE
)


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


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a click leads, and what became of it."""

    url: str
    verdict: Verdict | None
    reason: str


def network_of(address: str) -> str:
    """Return the /24 or /48 of an address; empty when it is none."""
    try:
        host = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((host, 24 if host.version == 4 else 48), strict=False))


def receive_look(token: str, visit: Visit) -> bool:
    """Count a look at an ad once; raises TokenError; False when it was counted before or never offered."""
    offer = find_offer(read(token, Purpose.IMPRESSION, at=visit.at))
    if offer is None or _is_machine(visit):
        return False
    reason = "too_fast" if visit.at - offer.created_at < FASTEST_LOOK else ""
    is_new = keep_impression(offer, reason=reason, at=visit.at)
    if is_new and not reason:
        Person(offer.frequency_key, at=visit.at).note_view(offer.campaign_id)
    return is_new


def receive_click(token: str, visit: Visit) -> Arrival | None:
    """Settle a click and say where it leads; raises ForgedTokenError; None when the offer is gone.

    A browser that fetches ahead, or a robot, is sent on without using up the one click of the person.
    """
    is_expired = False
    try:
        offer_id = read(token, Purpose.CLICK, at=visit.at)
    except ExpiredTokenError as error:
        offer_id, is_expired = error.offer, True
    offer = find_offer(offer_id)
    if offer is None:
        return None
    machine = _is_machine(visit)
    if machine:
        logger.info("click on %s not counted: %s from %s", offer_id, machine, visit.network)
        return Arrival(landing_url(offer), None, machine)
    reason = "expired" if is_expired else judge_click(offer, visit)
    verdict = settle_click(offer, reason=reason, network=visit.network, at=visit.at)
    return Arrival(landing_url(offer), verdict, reason)


def judge_click(offer: Offer, visit: Visit) -> str:
    """Return what speaks against this click, in one word; empty when nothing does."""
    if visit.at - offer.created_at < FASTEST_CLICK:
        return "too_fast"
    impression = getattr(offer, "impression", None)
    if impression is None:
        return "not_seen"
    if impression.verdict != "valid":
        return "look_invalid"
    if _is_own(offer.campaign.advertiser.own_networks, visit.address):
        return "own_address"
    return _judge_rates(offer, visit)


def _is_machine(visit: Visit) -> str:
    if visit.method == "HEAD":
        return "head"
    if "prefetch" in visit.purpose or "prerender" in visit.purpose or "preview" in visit.purpose:
        return "prefetch"
    if not visit.agent or BOT_AGENTS.search(visit.agent):
        return "robot"
    if DRIVEN_AGENTS.search(visit.agent) and not _is_at_home(visit.address):
        return "robot"
    return ""


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


def _is_own(networks: list[str], address: str) -> bool:
    try:
        host = ipaddress.ip_address(address)
        return any(host in ipaddress.ip_network(network, strict=False) for network in networks)
    except ValueError:
        return False


def _judge_rates(offer: Offer, visit: Visit) -> str:
    if getattr(offer, "click", None) is not None:
        return ""
    try:
        if _is_repeat(offer.frequency_key, offer.creative_id, offer.id):
            return "repeat"
        if visit.network and _is_busy(visit.network, visit.at):
            return "busy_network"
    except redis.RedisError:
        # Counters are a brake, not the truth: the nightly sweep finds what they would have.
        logger.warning("click on %s judged without rate counters", offer.id)
    return ""


def _is_repeat(frequency_key: str, creative_id: int, offer: uuid.UUID) -> bool:
    if not frequency_key:
        return False
    name = key("repeat", frequency_key, creative_id)
    first = fast_store().set(name, str(offer), nx=True, ex=REPEAT_SECONDS, get=True)
    return first is not None and first != str(offer).encode()


def _is_busy(network: str, at: datetime.datetime) -> bool:
    name = key("rate", network, int(at.timestamp()) // 60)
    with fast_store().pipeline(transaction=False) as pipeline:
        pipeline.incr(name)
        pipeline.expire(name, 120)
        count, _ = pipeline.execute()
    return int(count) > NETWORK_CLICKS_A_MINUTE
