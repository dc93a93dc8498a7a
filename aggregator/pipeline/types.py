"""The frozen values that pass between the stages of a turn."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.events import Event, RankedCandidate
from aggregator.domain.exchange import Exchange
from aggregator.domain.sampling import DEFAULT_SAMPLING, Sampling
from aggregator.resilience.permits.person import NOBODY, Person

Emit = Callable[[Event], Awaitable[None]]


# Whether two texts give the same answer, by a judge's word.
JudgedTexts = Mapping[frozenset[str], bool]
NOTHING_JUDGED: JudgedTexts = {}


class Strategy(StrEnum):
    """How several answers become one; the values are those of `Turn.Strategy`."""

    SINGLE = "single"
    BEST = "best"
    VOTE = "vote"
    CASCADE = "cascade"
    COUNCIL = "council"


# Why a route has another strategy than the one asked for; an answer may have further reasons.
PLANNED_CHANGES = frozenset({"one_model", "one_reader", "one_fluent", "budget_one", "no_fuser"})


class NoModelError(Exception):
    """No model on offer can answer; `code` names the reason that the page shows."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt with its language, the context that models may see, its topic, and who asks."""

    prompt: str
    language: str
    history: tuple[Exchange, ...] = ()
    system_prompt: str = ""
    sampling: Sampling = DEFAULT_SAMPLING
    topic: str = ""
    person: Person = NOBODY


@dataclass(frozen=True, slots=True)
class PanelSlot:
    """One place in the panel: a candidate's id, its model, and the text of a failed earlier attempt."""

    candidate: str
    model: LanguageModel
    attempt: int = 1
    past_text: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Why a route was chosen: expected quality, cost and time, price of quality, and each slot's propensity.

    `strong` is the model a cascade escalates to, `tried` the explored model; both are slugs or empty.
    `requested` is the strategy that a person asked for, `change` the code of why the route has another one.
    """

    topic: str = ""
    quality: float = 0.0
    cost_micros: int = 0
    expected_ms: int = 0
    is_votable: bool = False
    # What an average model was expected to write; measured lengths are compared with it.
    answer_tokens: int = 0
    price: float = 0.0
    strong: str = ""
    # The confidence below which a measured panel escalates, 0 for never; None where nothing was measured.
    threshold: float | None = None
    tried: str = ""
    propensities: dict[str, float] = field(default_factory=dict)
    requested: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class RouteLimits:
    """The installation's limits: quorum of answers, grace for the others, deadline, and panel size."""

    quorum: int
    grace_ms: int
    deadline_ms: int
    slots: int


@dataclass(frozen=True, slots=True)
class Route:
    """The panel, the strategy that combines its answers, and the time limits."""

    slots: tuple[PanelSlot, ...]
    strategy: str
    reasons: tuple[str, ...]
    quorum: int
    grace_ms: int
    deadline_ms: int
    plan: Plan = field(default_factory=Plan)


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate's text and metadata as the ranker sees them."""

    candidate: str
    model: str
    vendor: str
    standing: float
    text: str
    finish_reason: str = "stop"


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates best first; `agreeing` of `compared` give the same answer as the first (0: not comparable).

    `confidence` is the probability that the first answer is right, None where answers are not comparable;
    `is_calibrated` tells whether it was measured true for questions of this kind, and may be shown.
    """

    standings: tuple[RankedCandidate, ...]
    agreeing: int
    compared: int
    confidence: float | None = None
    is_calibrated: bool = False

    @property
    def shown_confidence(self) -> float | None:
        """Return the probability that people may see."""
        return self.confidence if self.is_calibrated else None
