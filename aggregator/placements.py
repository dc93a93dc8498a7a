"""Requests an ad for a finished turn, by ids of the market's vocabulary and never by text."""

import asyncio
import datetime
import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial

from channels.db import database_sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from ads.client import fetch_vocabulary, income_today, request_ad
from ads.contract import TERM_LIMIT, AdRequest, ContractError, NoAd, ServedAd, Vocabulary, to_percent
from aggregator.domain.events import PlacementMade
from aggregator.models import Turn
from aggregator.selectors.conversations import is_marked_sensitive
from language.keyphrases import SCANNED_CHARS
from language.lookup import find_lookup
from language.near_terms import find_near_terms
from language.reading import PromptReading, read_prompt
from language.sensitivity import Sensitivity

logger = logging.getLogger(__name__)

PLACEMENT = "below_answer"
# Users are not asked for their age; with ADS_ADULTS_ONLY, an unknown audience gets no ads.
AUDIENCE = "unknown"
REQUEST_KEY_CHARS, FREQUENCY_KEY_CHARS = 32, 16
INCOME_KEY = "placements:income"
INCOME_SECONDS = 30
WARM_UP_TIMEOUT_SECONDS = 5.0
# A market that hangs blocks these threads only: database work of turns has its own.
MARKET_THREADS = 4
_market_pool = ThreadPoolExecutor(MARKET_THREADS, thread_name_prefix="ad request")


async def request_placement(turn: Turn, sensitivity: Sensitivity) -> PlacementMade:
    """Return the ad for a finished turn or the reason why there is none; never raises, never late."""
    if turn.conversation.is_sensitive or sensitivity.verdict != "pass":
        # The market only records this request; its answer is ignored.
        await _call_market(turn, partial(_report_blocked, turn))
        return PlacementMade(None, "sensitive")
    return _to_placement(await _call_market(turn, partial(_request_ad, turn, sensitivity)))


async def _call_market(turn: Turn, call: Callable[[], ServedAd | NoAd]) -> ServedAd | NoAd:
    try:
        deadline = settings.ADS_DEADLINE_MS / 1000
        async with asyncio.timeout(deadline + settings.ADS_MATCH_MS / 1000):
            call_async = database_sync_to_async(call, thread_sensitive=False, executor=_market_pool)
            answer: ServedAd | NoAd = await call_async()
            return answer
    except TimeoutError:
        return NoAd("timeout")
    except ContractError as error:
        logger.warning("turn %s: no ad: %s", turn.public_id, error)
        return NoAd("error")
    except Exception:
        # A turn must never fail because of its ad.
        logger.exception("turn %s: the ad market failed", turn.public_id)
        return NoAd("error")


def _to_placement(decision: ServedAd | NoAd) -> PlacementMade:
    if isinstance(decision, NoAd):
        return PlacementMade(None, decision.reason)
    return PlacementMade(asdict(decision) | {"why": list(decision.why)})


def _request_ad(turn: Turn, sensitivity: Sensitivity) -> ServedAd | NoAd:
    vocabulary = fetch_vocabulary()
    term_ids = find_terms(turn.prompt, vocabulary)
    reading = read_prompt(turn.prompt)
    request = AdRequest(
        request_id=request_key(turn),
        placement=PLACEMENT,
        vocabulary_version=vocabulary.version,
        # Without terms nothing matches, but the market still records the request.
        term_ids=term_ids or (),
        topics=reading.topics,
        language=turn.language,
        device=turn.device,
        sensitivity=sensitivity.verdict,
        sensitive_classes=sensitivity.classes,
        frequency_key=frequency_key(turn.conversation.owner_id),
        audience=AUDIENCE,
        # Too many negatives: nothing may match, by meaning neither.
        near=find_near(reading, vocabulary) if term_ids is not None else (),
        intent_percent=to_percent(reading.intent.commercial),
        work_percent=to_percent(reading.intent.work),
    )
    # Read last: another turn of the conversation may have become sensitive meanwhile.
    if is_marked_sensitive(turn.conversation):
        _report_blocked(turn)
        return NoAd("sensitive")
    return request_ad(request)


def _report_blocked(turn: Turn) -> ServedAd | NoAd:
    """Record at the market that this turn gets no ad, by its id and language only, for `explain_ad`."""
    return request_ad(
        AdRequest(
            request_id=request_key(turn),
            placement=PLACEMENT,
            vocabulary_version="",
            term_ids=(),
            topics=(),
            language=turn.language,
            device="",
            sensitivity="block",
        )
    )


def find_terms(prompt: str, vocabulary: Vocabulary) -> tuple[int, ...] | None:
    """Return the terms that a request names, at most TERM_LIMIT: all negatives first, then the other matches.

    None when the negatives alone exceed the limit, because leaving one out could serve an ad that it forbids.
    """
    lookup = find_lookup(vocabulary.version, vocabulary.terms, vocabulary.negatives)
    negatives = lookup.find_negatives(prompt)
    if len(negatives) > TERM_LIMIT:
        return None
    return tuple(dict.fromkeys([*negatives, *lookup.index.match(prompt)]))[:TERM_LIMIT]


def find_near(reading: PromptReading, vocabulary: Vocabulary) -> tuple[tuple[int, int], ...]:
    """Return the terms that a prompt is near to in meaning, with coarse weights."""
    near_terms = find_near_terms(vocabulary.version, vocabulary.describe_terms, vocabulary.vectors)
    return near_terms.find(reading.excerpt[:SCANNED_CHARS], reading.vector)


async def warm_index() -> None:
    """Build the lookup of the market's vocabulary in advance of the first turn; never raises."""
    try:
        await database_sync_to_async(_warm_index, thread_sensitive=False, executor=_market_pool)()
    except Exception:
        # Turns run without a market.
        logger.exception("the ad market is not available yet")


def _warm_index() -> None:
    vocabulary = fetch_vocabulary(wait_seconds=WARM_UP_TIMEOUT_SECONDS)
    find_terms("안녕하세요", vocabulary)
    find_near(read_prompt("안녕하세요"), vocabulary)


def request_key(turn: Turn) -> str:
    """Return the id of a turn's ad request: without the site's key, no row of the market leads to a turn."""
    return _hash_with_key(timezone.localdate(turn.opened_at), turn.public_id)[:REQUEST_KEY_CHARS]


def frequency_key(owner_id: int) -> str:
    """Return a pseudonymous key of the person for frequency caps; it changes daily."""
    return _hash_with_key(timezone.localdate(), owner_id)[:FREQUENCY_KEY_CHARS]


def _hash_with_key(day: datetime.date, name: object) -> str:
    secret = f"{settings.SECRET_KEY}:{day.isoformat()}:{name}"
    return hashlib.sha256(secret.encode()).hexdigest()


def read_income_today() -> int:
    """Return today's ad income in micros of won, at most INCOME_SECONDS old."""
    income = cache.get(INCOME_KEY)
    if income is None:
        income = income_today()
        cache.set(INCOME_KEY, income, INCOME_SECONDS)
    return int(income)
