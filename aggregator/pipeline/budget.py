"""What may this turn cost: the day's pool that ads and subsidy fill, never this turn's own ad."""

from dataclasses import dataclass

# A turn may take this share of what is left of the day, so that late visitors are served as well.
TURN_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Pool:
    """The day's money, in micros of won: what ads brought in, what we add, what models have cost."""

    income_micros: int
    subsidy_micros: int
    spent_micros: int

    @property
    def left_micros(self) -> int:
        """What may still be spent today, never below nothing."""
        return max(0, self.income_micros + self.subsidy_micros - self.spent_micros)


@dataclass(frozen=True, slots=True)
class Allowance:
    """The most that one turn may cost, and whether the day's pool is empty."""

    cap_micros: int
    is_exhausted: bool


def allow(pool: Pool) -> Allowance:
    """Return what one turn may cost now; an empty pool leaves only the cheapest models, never an error."""
    return Allowance(round(pool.left_micros * TURN_SHARE), pool.left_micros == 0)
