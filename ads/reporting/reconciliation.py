"""Reconciliation: ledger, clicks and rollups must agree exactly, or the market is frozen."""

from ads.ledger.invariants import Discrepancy, find_discrepancies
from ads.ledger.market_freeze import freeze_market
from ads.reporting.rollups import find_gaps, roll_up


def reconcile_market() -> list[Discrepancy]:
    """Check everything; a discrepancy freezes the market and sends an alert, and nothing is corrected."""
    roll_up()
    discrepancies = find_discrepancies() + find_gaps()
    if discrepancies:
        freeze_market(discrepancies)
    return discrepancies
