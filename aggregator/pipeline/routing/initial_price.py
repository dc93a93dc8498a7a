"""The price of quality on a first day, before any turn has been paid for."""

from collections.abc import Sequence

from django.conf import settings

from aggregator.budgeting.budget import default_income
from aggregator.budgeting.pacing import solve_price
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.routing.plan_options import list_plan_options, quote_model
from aggregator.pipeline.types import Strategy

_TYPICAL_TOKENS = 256


def find_initial_price(models: Sequence[LanguageModel]) -> float:
    """Return the price at which a turn costs on average what it brings in by default.

    The average is over one open and one checkable prompt.
    """
    if not models:
        return 0.0
    quotes = tuple(quote_model(model, _TYPICAL_TOKENS) for model in models)
    option_sets = [
        list_plan_options(quotes, frozenset({Strategy.SINGLE, *strategies}), settings.PANEL_SIZE)
        for strategies in ((Strategy.BEST, Strategy.COUNCIL), (Strategy.VOTE,))
    ]
    return solve_price(
        [
            ([option.value for option in plan_options], [option.cost for option in plan_options])
            for plan_options in option_sets
        ],
        default_income(),
    )
