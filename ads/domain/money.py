"""Units of money: amounts are whole micros of won."""

WON = 1_000_000
BID_STEP = 10 * WON
MIN_BID = 70 * WON


def format_won(micros: int) -> str:
    """Format an amount in won, without a fraction when it is whole."""
    won, rest = divmod(abs(micros), WON)
    sign = "-" if micros < 0 else ""
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{sign}{won:,}{fraction}"
