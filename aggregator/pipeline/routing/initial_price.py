"""The price of quality of a first day, before any turn has been paid for."""

from collections.abc import Sequence

from django.conf import settings

from aggregator.budgeting.budget import default_income
from aggregator.budgeting.pacing import solve_price
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.routing.plan_options import COUNCIL, SINGLE, VOTE, list_plan_options, quote_model

_TYPICAL_TOKENS = 256


def find_initial_price(offer: Sequence[LanguageModel]) -> float:
    """Return the price at which open and checkable prompts would cost what a turn brings by default."""
    if not offer:
        return 0.0
    quotes = tuple(quote_model(model, _TYPICAL_TOKENS) for model in offer)
    option_sets = [
        list_plan_options(quotes, strategies, settings.PANEL_SIZE)
        for strategies in (frozenset({SINGLE, COUNCIL}), frozenset({SINGLE, VOTE}))
    ]
    return solve_price(
        [
            ([option.quality for option in plan_options], [option.cost for option in plan_options])
            for plan_options in option_sets
        ],
        default_income(),
    )
