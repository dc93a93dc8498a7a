"""Logs the bids of recent auctions in Valkey; reserve prices are learned from them."""

import json

from ads.infra.redis_client import Command, redis_client, redis_key
from ads.models import Category
from ads.selection.core.decision import Contender, Decision, EligibilityStatus
from ads.selection.core.reserve import MAX_BIDS

# Enough to estimate the share of unfilled slots to within half a percent.
KEPT_AUCTIONS = 20_000
KEPT_SECONDS = 14 * 24 * 3600
# One person adds one auction to a category in this time, so that nobody moves its reserve alone.
PERSON_COOLDOWN_SECONDS = 3600
# Contenders that could have won under a lower reserve.
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
    """Return the key of a category's auctions."""
    return redis_key("auctions", category)


def auction_record(decision: Decision) -> tuple[str, str] | None:
    """Return the category of the best bid and the logged bids as JSON; None when nobody bid."""
    best: dict[int, Contender] = {}
    for contender in decision.contenders:
        if contender.status in BIDDING_STATUSES and contender.limit_micros > 0:
            previous = best.get(contender.advertiser)
            if previous is None or contender.score > previous.score:
                best[contender.advertiser] = contender
    ranked = sorted(best.values(), key=lambda contender: -contender.score)[:MAX_BIDS]
    if not ranked:
        return None
    bids = [(contender.limit_micros, round(contender.quality, 8)) for contender in ranked]
    return Category.values[ranked[0].category], json.dumps(bids)


def auction_commands(decision: Decision, frequency_key: str) -> list[Command]:
    """Return the commands that log the auction, unless this person added one to the category recently."""
    record = auction_record(decision)
    if record is None:
        return []
    category, bids = record
    cooldown = redis_key("taught", category, frequency_key) if frequency_key else ""
    keys = (auction_log_key(category), cooldown)
    limits = (KEPT_AUCTIONS, KEPT_SECONDS, PERSON_COOLDOWN_SECONDS)
    return [("EVAL", LOG_AUCTION_SCRIPT, len(keys), *keys, bids, *limits)]


def read_auctions(category: str) -> list[Auction]:
    """Return a category's logged auctions as (limit in micros, quality) pairs, oldest first."""
    rows = redis_client().lrange(auction_log_key(category), 0, -1)
    return [[(int(limit), float(quality)) for limit, quality in json.loads(row)] for row in rows]
