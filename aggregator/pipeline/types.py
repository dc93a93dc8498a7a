"""The frozen values that pass between the stages of a turn."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.events import Event, RankedCandidate
from aggregator.domain.exchange import Exchange

Emit = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks, with all that the models may know of it."""

    prompt: str
    language: str
    history: tuple[Exchange, ...] = ()
    system_prompt: str = ""


@dataclass(frozen=True, slots=True)
class PanelSlot:
    """A place in the panel: the candidate to come, the model asked for it, a broken attempt's text."""

    candidate: str
    model: LanguageModel
    attempt: int = 1
    past_text: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Why a route was chosen: what it promised at which price, and how likely each slot was to be taken."""

    topic: str = ""
    quality: float = 0.0
    cost_micros: int = 0
    price: float = 0.0
    strong: str = ""
    tried: str = ""
    propensities: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """Who is asked, how the answers become one, and how long that may take."""

    slots: tuple[PanelSlot, ...]
    strategy: str
    reasons: tuple[str, ...]
    quorum: int
    grace_ms: int
    deadline_ms: int
    plan: Plan = field(default_factory=Plan)


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate's text as the ranker sees it."""

    candidate: str
    model: str
    vendor: str
    standing: float
    text: str
    finish_reason: str = "stop"


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates best first; `agreeing` of `compared` say the same as the first (0 when not comparable)."""

    standings: tuple[RankedCandidate, ...]
    agreeing: int
    compared: int
    confidence: float | None = None
