"""Remembers what was bid in recent auctions and learns each category's reserve from it, on a worker."""

import json

from redis.client import Pipeline

from ads.fast_store import fast_store, key
from ads.models import Category, LearnedReserve
from ads.money import TICK, WON
from ads.selection.auction import floor_tick
from ads.selection.decision import Contender, Decision
from ads.selection.eligibility import Rung
from ads.selection.reserve import KEPT_BIDS, Lesson, borrow, lay_auctions, learn_reserve

# So many that the places a reserve leaves empty are known to half a hundredth.
KEPT_AUCTIONS = 20_000
KEPT_SECONDS = 14 * 24 * 3600
# One person's questions teach a category once in so long, so that nobody moves its reserve alone.
LESSON_SECONDS = 3600
# Everybody who could have won, had the reserve been lower, belongs to an auction.
BIDDING = frozenset({Rung.WON, Rung.OUTBID, Rung.BELOW_RESERVE})

Auction = list[tuple[int, float]]

NOTE = """
if KEYS[2] ~= '' and not redis.call('SET', KEYS[2], 1, 'NX', 'EX', ARGV[4]) then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -ARGV[2], -1)
return redis.call('EXPIRE', KEYS[1], ARGV[3])
"""


def seen_key(category: str) -> str:
    """Return where the auctions of a category are remembered."""
    return key("auctions", category)


def auction_of(decision: Decision) -> tuple[str, str] | None:
    """Return the category of the best bid and the auction as it is remembered; None where nobody bid."""
    best: dict[int, Contender] = {}
    for contender in decision.contenders:
        if contender.rung in BIDDING and contender.limit_micros > 0:
            before = best.get(contender.advertiser)
            if before is None or contender.score > before.score:
                best[contender.advertiser] = contender
    ranked = sorted(best.values(), key=lambda contender: -contender.score)[:KEPT_BIDS]
    if not ranked:
        return None
    bids = [(contender.limit_micros, round(contender.quality, 8)) for contender in ranked]
    return Category.values[ranked[0].category], json.dumps(bids)


def note_auction(pipeline: Pipeline, decision: Decision, frequency_key: str) -> None:
    """Remember what was bid, unless the same person taught this category a while ago; the caller sends it."""
    auction = auction_of(decision)
    if auction is None:
        return
    category, bids = auction
    taught = key("taught", category, frequency_key) if frequency_key else ""
    pipeline.eval(NOTE, 2, seen_key(category), taught, bids, KEPT_AUCTIONS, KEPT_SECONDS, LESSON_SECONDS)


def read_auctions(category: str) -> list[Auction]:
    """Return what is remembered of a category's auctions, oldest first."""
    rows = fast_store().lrange(seen_key(category), 0, -1)
    return [[(int(limit), float(quality)) for limit, quality in json.loads(row)] for row in rows]


def learn_reserves(*, floor_micros: int) -> list[LearnedReserve]:
    """Learn the reserve of every category anew and keep those that changed."""
    auctions = {category: read_auctions(category) for category in Category.values}
    everything = lay_auctions([auction for rows in auctions.values() for auction in rows])
    before = current_reserves()
    changed = []
    for category, rows in auctions.items():
        if not rows:
            continue
        known = before.get(category, floor_micros)
        lesson = learn_reserve(
            borrow(lay_auctions(rows), everything), floor_micros=floor_micros, before_micros=known
        )
        if lesson.reserve_micros != known:
            changed.append(_keep(category, lesson, own=len(rows)))
    return changed


def current_reserves() -> dict[str, int]:
    """Return the newest reserve of each category that has one."""
    newest = LearnedReserve.objects.order_by("category", "-id").distinct("category")
    return dict(newest.values_list("category", "reserve_micros"))


def floor_of(floor_won: int) -> int:
    """Return the least that a click may cost anywhere, in whole ticks."""
    return max(TICK, floor_tick(floor_won * WON + TICK - 1))


def _keep(category: str, lesson: Lesson, *, own: int) -> LearnedReserve:
    return LearnedReserve.objects.create(
        category=category,
        reserve_micros=lesson.reserve_micros,
        auctions=own,
        income_gain=lesson.income_gain,
        fill_loss=max(0.0, lesson.fill_loss),
        provenance=f"replay of {own} auctions of this category, {lesson.auctions} with those that stood in",
    )
