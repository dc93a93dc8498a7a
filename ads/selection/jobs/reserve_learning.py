"""Learns the reserve price of each category from the logged auctions; runs hourly on a worker."""

from ads.models import Category, LearnedReserve
from ads.selection.building.learned_models import current_reserves
from ads.selection.core.reserve import (
    ReserveEstimate,
    add_prior_auctions,
    build_auction_table,
    estimate_reserve,
)
from ads.selection.serving.auction_log import read_auctions


def update_reserves(*, floor_micros: int) -> list[LearnedReserve]:
    """Estimate the reserve of every category and insert a row for each that changed."""
    auctions = {category: read_auctions(category) for category in Category.values}
    everything = build_auction_table([auction for rows in auctions.values() for auction in rows])
    before = current_reserves()
    changed = []
    for category, rows in auctions.items():
        if not rows:
            continue
        current = before.get(category, floor_micros)
        estimate = estimate_reserve(
            add_prior_auctions(build_auction_table(rows), everything),
            floor_micros=floor_micros,
            before_micros=current,
        )
        if estimate.reserve_micros != current:
            changed.append(_save_reserve(category, estimate, own=len(rows)))
    return changed


def _save_reserve(category: str, estimate: ReserveEstimate, *, own: int) -> LearnedReserve:
    return LearnedReserve.objects.create(
        category=category,
        reserve_micros=estimate.reserve_micros,
        auctions=own,
        income_gain=estimate.income_gain,
        fill_loss=max(0.0, estimate.fill_loss),
        provenance=f"replay of {own} auctions of this category, {estimate.auctions} with those that stood in",
    )
