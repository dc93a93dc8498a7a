"""The nightly proof: books, clicks and rollups agree to the millionth of a won, or everything stops."""

from ads.ledger.invariants import Discrepancy, find_discrepancies
from ads.ledger.market_freeze import freeze_market
from ads.reporting.rollups import find_gaps, roll_up


def reconcile_market() -> list[Discrepancy]:
    """Prove everything; a fault freezes the market and wakes somebody, and nothing is corrected by itself."""
    roll_up()
    faults = find_discrepancies() + find_gaps()
    if faults:
        freeze_market(faults)
    return faults
