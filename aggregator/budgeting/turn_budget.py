"""The budget of a turn: the day's funds and pacing state."""

from dataclasses import dataclass

from aggregator.budgeting.pacing import PacingState

# The most that a turn may take of what is left of the day, so that later turns are served too.
MAX_TURN_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class DailyFunds:
    """The day's income from ads, subsidy and model costs, in micros of won."""

    income_micros: int
    subsidy_micros: int
    spent_micros: int

    @property
    def left_micros(self) -> int:
        """What may still be spent today, at least 0."""
        return max(0, self.income_micros + self.subsidy_micros - self.spent_micros)


@dataclass(frozen=True, slots=True)
class TurnBudget:
    """The day's funds and pacing; the price of quality is the same for every turn, whatever its ad."""

    funds: DailyFunds
    pacing: PacingState

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left; then the cheapest model answers, and no turn fails."""
        return self.funds.left_micros == 0

    @property
    def cap_micros(self) -> int:
        """The most that one turn may cost."""
        return round(self.funds.left_micros * MAX_TURN_SHARE)

    @property
    def exploration_cap_micros(self) -> int:
        """The most that exploring a model may add to a turn: about a turn's income."""
        return min(self.cap_micros, round(self.pacing.usual_income * 1_000_000))

    def can_afford(self, cost_micros: int) -> bool:
        """Return whether one turn may cost this much."""
        return cost_micros <= self.cap_micros
