"""The nightly proof: books, clicks and rollups agree to the millionth of a won, or everything stops."""

from ads.freezing import freeze_market
from ads.ledger import Fault, find_faults
from ads.rollups import find_gaps, roll_up


def prove_market() -> list[Fault]:
    """Prove everything; a fault freezes the market and wakes somebody, and nothing is corrected by itself."""
    roll_up()
    faults = find_faults() + find_gaps()
    if faults:
        freeze_market(faults)
    return faults
