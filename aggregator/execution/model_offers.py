"""What the picker knows about each model on offer, and the presets that it makes of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.execution.setup import find_snapshot, load_snapshot
from aggregator.pipeline.chat_messages import max_prompt_tokens, max_whole_tokens
from aggregator.pipeline.routing.answer_forecast import (
    expect_seconds,
    expect_tokens,
    expect_topic_tokens,
)
from aggregator.pipeline.routing.plan_options import answer_cost_micros, quote_model, trim_panel
from aggregator.pipeline.routing.route import can_afford_call
from aggregator.pipeline.types import Question, Strategy
from aggregator.ratings import ratings, strengths
from aggregator.selectors.model_speeds import ModelSpeed, measure_speeds
from aggregator.services.listings import list_offered_models

CODE: Final = "code"
# The input tokens of an ordinary prompt, which a model's price class is that of.
USUAL_INPUT_TOKENS = 500
# An ordinary answer is cheap below the first, dear from the second on, in micros of won.
LOW_PRICE_MICROS, HIGH_PRICE_MICROS = 1_000_000, 10_000_000
CAREFUL_PANEL, CODE_PANEL = 4, 3


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A model as the picker shows it; `is_affordable` is whether today's budget pays for an answer of it."""

    model: LanguageModel
    speed: ModelSpeed | None
    # Topics on which people prefer it.
    voted_topics: tuple[str, ...]
    is_affordable: bool

    @property
    def slug(self) -> str:
        """The model's slug."""
        return self.model.slug

    @property
    def expected_ms(self) -> int | None:
        """How long an ordinary answer takes: measured, or by its measured tokens a second, else unknown."""
        if self.speed:
            return self.speed.answer_ms
        if self.model.tokens_per_second is None:
            return None
        tokens = expect_tokens(self.model, expect_topic_tokens("other", is_votable=False))
        return round(expect_seconds(self.model, USUAL_INPUT_TOKENS, tokens) * 1000)

    @property
    def max_prompt_tokens(self) -> int:
        """The longest prompt that it can read, by the estimate of `overestimate_tokens`."""
        return max_prompt_tokens(self.model)

    @property
    def max_whole_tokens(self) -> int:
        """The longest prompt and history together that it reads without leaving anything out."""
        return max_whole_tokens(self.model)

    @property
    def price_class(self) -> str:
        """Whether an ordinary answer costs the site little ("low"), more ("mid") or much ("high")."""
        cost_micros = answer_cost_micros(self.model, USUAL_INPUT_TOKENS)
        if cost_micros < LOW_PRICE_MICROS:
            return "low"
        return "mid" if cost_micros < HIGH_PRICE_MICROS else "high"

    def is_good_at(self, topic: str) -> bool:
        """Return whether people prefer it on a topic or its maker built it for that."""
        return topic in self.voted_topics or topic in self.model.strengths


@dataclass(frozen=True, slots=True)
class Preset:
    """A strategy with a panel (slugs); the router chooses for each prompt what is empty."""

    name: str
    strategy: str = ""
    panel: tuple[str, ...] = ()


def list_model_offers(language: str) -> list[ModelOffer]:
    """Return the models on offer for a person who reads this language: those of today first, best first."""
    offer, budget = list_offered_models(), _read_budget()
    all_ratings = ratings.read_all_ratings()
    rated = ratings.apply_ratings(offer, ratings.find_ratings(all_ratings, language))
    speeds, voted_topics = measure_speeds(), strengths.find_strengths(offer, language)
    question = Question("", language)
    offers = [
        ModelOffer(
            model=model,
            speed=speeds.get(model.slug),
            voted_topics=voted_topics.get(model.slug, ()),
            is_affordable=can_afford_call(model, question, offer, budget),
        )
        for model in rated
    ]
    return sorted(offers, key=lambda each: not each.is_affordable)


def list_presets(offers: Sequence[ModelOffer], language: str) -> list[Preset]:
    """Return the presets that these offers allow; each asks only models that today's budget pays for."""
    return list(_build_presets([each for each in offers if each.is_affordable], language))


def _build_presets(offers: Sequence[ModelOffer], language: str) -> Iterator[Preset]:
    speaking = [each for each in offers if language in each.model.languages]
    yield Preset("auto")
    measured = [each for each in speaking if each.speed]
    fastest = min(measured, key=lambda each: each.speed.answer_ms if each.speed else 0, default=None)
    if speaking:
        yield Preset("fast", Strategy.SINGLE, (fastest.slug,) if fastest else ())
    careful = _trim_to_budget(_take_by_vendor(speaking)[:CAREFUL_PANEL])
    if len(careful) > 1:
        yield Preset("careful", panel=careful)
    coders = sorted(
        (each for each in speaking if each.is_good_at(CODE)), key=lambda each: CODE not in each.voted_topics
    )
    if coders:
        yield Preset("code", panel=_trim_to_budget(coders[:CODE_PANEL]))


def _take_by_vendor(offers: Sequence[ModelOffer]) -> list[ModelOffer]:
    """Return offers in their order, but the best of each vendor before the second of any."""
    vendors: list[str] = []
    turns: list[int] = []
    for each in offers:
        turns.append(vendors.count(each.model.vendor))
        vendors.append(each.model.vendor)
    return [each for _, each in sorted(zip(turns, offers, strict=True), key=lambda pair: pair[0])]


def _trim_to_budget(offers: Sequence[ModelOffer]) -> tuple[str, ...]:
    """Return the slugs that the budget covers together, by the rule of the router for a requested panel."""
    quotes = [quote_model(each.model, USUAL_INPUT_TOKENS) for each in offers]
    cheapest = min((quote.cost for quote in quotes), default=0.0)
    kept = trim_panel(quotes, Strategy.COUNCIL, _read_budget(), cheapest)
    return tuple(quote.slug for quote in kept)


def _read_budget() -> TurnBudget:
    return (find_snapshot() or load_snapshot()).budget
