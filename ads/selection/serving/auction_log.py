"""Remembers what was bid in recent auctions and learns each category's reserve from it, on a worker."""

import json

from redis.client import Pipeline

from ads.domain.auction import floor_tick
from ads.domain.money import BID_STEP, WON
from ads.infra.redis_client import redis_client, redis_key
from ads.models import Category, LearnedReserve
from ads.selection.core.decision import Contender, Decision
from ads.selection.core.eligibility import EligibilityStatus
from ads.selection.core.reserve import (
    MAX_BIDS,
    ReserveEstimate,
    add_prior_auctions,
    build_auction_table,
    estimate_reserve,
)

# So many that the places a reserve leaves empty are known to half a hundredth.
KEPT_AUCTIONS = 20_000
KEPT_SECONDS = 14 * 24 * 3600
# One person's questions teach a category once in so long, so that nobody moves its reserve alone.
PERSON_COOLDOWN_SECONDS = 3600
# Everybody who could have won, had the reserve been lower, belongs to an auction.
BIDDING_STATUSES = frozenset(
    {EligibilityStatus.WON, EligibilityStatus.OUTBID, EligibilityStatus.BELOW_RESERVE}
)

Auction = list[tuple[int, float]]

LOG_AUCTION_SCRIPT = """
if KEYS[2] ~= '' and not redis.call('SET', KEYS[2], 1, 'NX', 'EX', ARGV[4]) then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -ARGV[2], -1)
return redis.call('EXPIRE', KEYS[1], ARGV[3])
"""


def auction_log_key(category: str) -> str:
    """Return where the auctions of a category are remembered."""
    return redis_key("auctions", category)


def auction_record(decision: Decision) -> tuple[str, str] | None:
    """Return the category of the best bid and the auction as it is remembered; None where nobody bid."""
    best: dict[int, Contender] = {}
    for contender in decision.contenders:
        if contender.rung in BIDDING_STATUSES and contender.limit_micros > 0:
            before = best.get(contender.advertiser)
            if before is None or contender.score > before.score:
                best[contender.advertiser] = contender
    ranked = sorted(best.values(), key=lambda contender: -contender.score)[:MAX_BIDS]
    if not ranked:
        return None
    bids = [(contender.limit_micros, round(contender.quality, 8)) for contender in ranked]
    return Category.values[ranked[0].category], json.dumps(bids)


def log_auction(pipeline: Pipeline, decision: Decision, frequency_key: str) -> None:
    """Remember what was bid, unless the same person taught this category a while ago; the caller sends it."""
    auction = auction_record(decision)
    if auction is None:
        return
    category, bids = auction
    taught = redis_key("taught", category, frequency_key) if frequency_key else ""
    pipeline.eval(
        LOG_AUCTION_SCRIPT,
        2,
        auction_log_key(category),
        taught,
        bids,
        KEPT_AUCTIONS,
        KEPT_SECONDS,
        PERSON_COOLDOWN_SECONDS,
    )


def read_auctions(category: str) -> list[Auction]:
    """Return what is remembered of a category's auctions, oldest first."""
    rows = redis_client().lrange(auction_log_key(category), 0, -1)
    return [[(int(limit), float(quality)) for limit, quality in json.loads(row)] for row in rows]


def update_reserves(*, floor_micros: int) -> list[LearnedReserve]:
    """Learn the reserve of every category anew and keep those that changed."""
    auctions = {category: read_auctions(category) for category in Category.values}
    everything = build_auction_table([auction for rows in auctions.values() for auction in rows])
    before = current_reserves()
    changed = []
    for category, rows in auctions.items():
        if not rows:
            continue
        known = before.get(category, floor_micros)
        estimate = estimate_reserve(
            add_prior_auctions(build_auction_table(rows), everything),
            floor_micros=floor_micros,
            before_micros=known,
        )
        if estimate.reserve_micros != known:
            changed.append(_save_reserve(category, estimate, own=len(rows)))
    return changed


def current_reserves() -> dict[str, int]:
    """Return the newest reserve of each category that has one."""
    newest = LearnedReserve.objects.order_by("category", "-id").distinct("category")
    return dict(newest.values_list("category", "reserve_micros"))


def floor_price_micros(floor_won: int) -> int:
    """Return the least that a click may cost anywhere, in whole ticks."""
    return max(BID_STEP, floor_tick(floor_won * WON + BID_STEP - 1))


def _save_reserve(category: str, estimate: ReserveEstimate, *, own: int) -> LearnedReserve:
    return LearnedReserve.objects.create(
        category=category,
        reserve_micros=estimate.reserve_micros,
        auctions=own,
        income_gain=estimate.income_gain,
        fill_loss=max(0.0, estimate.fill_loss),
        provenance=f"replay of {own} auctions of this category, {estimate.auctions} with those that stood in",
    )
