"""What may this turn cost: the day's funds that ads and subsidy fill, and its price."""

from dataclasses import dataclass

from aggregator.budgeting.pacing import PacingState

# A turn may take this share of what is left of the day, so that late visitors are served as well.
MAX_TURN_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class DailyFunds:
    """The day's money, in micros of won: what ads brought in, what we add, what models have cost."""

    income_micros: int
    subsidy_micros: int
    spent_micros: int

    @property
    def left_micros(self) -> int:
        """What may still be spent today, never below nothing."""
        return max(0, self.income_micros + self.subsidy_micros - self.spent_micros)


@dataclass(frozen=True, slots=True)
class TurnBudget:
    """The day's funds and pacing; the price of quality is the same for every turn, whatever its ad."""

    funds: DailyFunds
    pacing: PacingState

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left: then the cheapest model answers, and no turn fails for money."""
        return self.funds.left_micros == 0

    @property
    def cap_micros(self) -> int:
        """The most that one turn may cost."""
        return round(self.funds.left_micros * MAX_TURN_SHARE)

    @property
    def exploration_cap_micros(self) -> int:
        """What a model on trial may cost beside the panel: about what a turn brings in."""
        return min(self.cap_micros, round(self.pacing.usual_income * 1_000_000))

    def can_afford(self, cost_micros: int) -> bool:
        """Tell whether one turn may cost this much."""
        return cost_micros <= self.cap_micros
