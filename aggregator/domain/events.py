"""The events that a turn emits, and their wire form.

docs/events.md describes each one, and a test compares both lists. Events are appended to the turn log in
order; the sequence number of an event is its position in the turn, counted from 1.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar


class EventError(ValueError):
    """A stored or received event is malformed."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a turn."""

    type: ClassVar[str]


@dataclass(frozen=True, slots=True)
class TurnOpened(Event):
    """The turn is stored and begins, or begins again with an `attempt` above 1."""

    type: ClassVar[str] = "turn_opened"
    conversation: str
    turn: str
    prompt: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class TurnQueued(Event):
    """The turn waits in the queue; `position` counts those before it."""

    type: ClassVar[str] = "turn_queued"
    position: int


@dataclass(frozen=True, slots=True)
class PanelMember:
    """A member of the panel: its candidate, the model asked, and the failed candidate that it replaces."""

    candidate: str
    model: str
    name: str
    vendor: str
    stands_in_for: str = ""


@dataclass(frozen=True, slots=True)
class RouteChosen(Event):
    """The panel and the strategy are chosen; `reasons` and `change` are codes (docs/events.md).

    `requested` is the strategy that a person asked for, `change` why it is another one already.
    """

    type: ClassVar[str] = "route_chosen"
    strategy: str
    panel: tuple[PanelMember, ...]
    reasons: tuple[str, ...]
    topic: str = ""
    quality: float | None = None
    expected_micros: int | None = None
    expected_ms: int | None = None
    requested: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class CandidateQueued(Event):
    """A candidate waits for its model, which is busy; `position` counts those before it."""

    type: ClassVar[str] = "candidate_queued"
    candidate: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class CandidateStarted(Event):
    """A model is asked; text of an earlier attempt stays until the first text of this one."""

    type: ClassVar[str] = "candidate_started"
    candidate: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class CandidateDelta(Event):
    """Text of a candidate; the first text of an attempt has a `ttft_ms` and replaces older text."""

    type: ClassVar[str] = "candidate_delta"
    candidate: str
    text: str
    ttft_ms: int | None = None


@dataclass(frozen=True, slots=True)
class MoreText(Event):
    """Further text of the candidate at position `seat` of the panel, counted from 0."""

    type: ClassVar[str] = "more"
    seat: int
    text: str


@dataclass(frozen=True, slots=True)
class CandidateFinished(Event):
    """A candidate has ended (done, failed or stopped), with its duration, tokens and cost."""

    type: ClassVar[str] = "candidate_finished"
    candidate: str
    status: str
    finish_reason: str = ""
    error: str = ""
    ttft_ms: int | None = None
    duration_ms: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0


@dataclass(frozen=True, slots=True)
class LeaderChanged(Event):
    """A candidate is the best so far; the page shows its text as the provisional answer."""

    type: ClassVar[str] = "leader_changed"
    candidate: str


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """A candidate in the ranking: its score in 0-1, and codes for what raised or lowered it."""

    candidate: str
    score: float
    group: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankingMade(Event):
    """The candidates in order, best first; `agreeing` of `compared` give the same answer as the first."""

    type: ClassVar[str] = "ranking_made"
    standings: tuple[RankedCandidate, ...]
    agreeing: int
    compared: int
    confidence: float | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of candidates, contested or shared, and what those against it say."""

    kind: str
    text: str
    candidates: tuple[str, ...]
    against: tuple[str, ...] = ()
    other_text: str = ""


@dataclass(frozen=True, slots=True)
class ClaimsMapped(Event):
    """Where the candidates contradict each other and what they share; replaces earlier claims."""

    type: ClassVar[str] = "claims_mapped"
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class AnswerStarted(Event):
    """A model begins to write a fused answer; older text stays until its first text."""

    type: ClassVar[str] = "answer_started"
    kind: str
    model: str


@dataclass(frozen=True, slots=True)
class AnswerDelta(Event):
    """Text of a fused answer; the first one replaces older text."""

    type: ClassVar[str] = "answer_delta"
    text: str
    first: bool = False


@dataclass(frozen=True, slots=True)
class AnswerFinished(Event):
    """The answer is chosen: fused, or best, vote, lone or single of a `candidate`, or help with a `text`.

    `change` is the code of why it was not made by the strategy that was asked for or planned.
    """

    type: ClassVar[str] = "answer_finished"
    kind: str
    candidate: str = ""
    text: str = ""
    cost_micros: int = 0
    change: str = ""


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence of a fused answer, the candidates that say it too, and the words of each."""

    text: str
    candidates: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SupportsFound(Event):
    """Which candidates support which sentences of the fused answer."""

    type: ClassVar[str] = "supports_found"
    supports: tuple[Support, ...]


@dataclass(frozen=True, slots=True)
class TurnClosed(Event):
    """The turn has ended (done, stopped or failed); `error` is a code (docs/events.md)."""

    type: ClassVar[str] = "turn_closed"
    status: str
    error: str = ""
    duration_ms: int = 0
    cost_micros: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class PlacementMade(Event):
    """The ad market's reply, after the answer is stored: an ad's fields, or none and the reason."""

    type: ClassVar[str] = "placement_made"
    ad: dict[str, Any] | None
    reason: str = ""


EVENTS: dict[str, type[Event]] = {
    kind.type: kind
    for kind in (
        TurnOpened,
        TurnQueued,
        RouteChosen,
        CandidateQueued,
        CandidateStarted,
        CandidateDelta,
        MoreText,
        CandidateFinished,
        LeaderChanged,
        RankingMade,
        ClaimsMapped,
        AnswerStarted,
        AnswerDelta,
        AnswerFinished,
        SupportsFound,
        TurnClosed,
        PlacementMade,
    )
}


FIELD_NAMES = {kind: tuple(field.name for field in fields(kind)) for kind in EVENTS.values()}
NESTED_EVENTS = {RouteChosen, RankingMade, ClaimsMapped, SupportsFound}


def encode(event: Event) -> dict[str, Any]:
    """Return an event as JSON values, its type first; empty fields are left out."""
    kind = type(event)
    # asdict copies deeply, which would be most of the cost of encoding a delta.
    values = (
        asdict(event) if kind in NESTED_EVENTS else {name: getattr(event, name) for name in FIELD_NAMES[kind]}
    )
    if kind is RouteChosen:
        values["panel"] = [
            {name: value for name, value in member.items() if value} for member in values["panel"]
        ]
    filled = {
        name: value
        for name, value in values.items()
        if value is not None and value is not False and value != ""
    }
    return {"type": kind.type, **filled}


def decode(document: dict[str, Any]) -> Event:
    """Return the event of a JSON document; raises EventError if it is malformed."""
    values = dict(document)
    kind = EVENTS.get(str(values.pop("type", "")))
    if kind is None:
        raise EventError(f"no such event: {document.get('type')!r}")
    if kind is RouteChosen:
        values["panel"] = tuple(PanelMember(**member) for member in values["panel"])
        values["reasons"] = tuple(values["reasons"])
    if kind is RankingMade:
        values["standings"] = tuple(
            RankedCandidate(**{**row, "reasons": tuple(row["reasons"])}) for row in values["standings"]
        )
    if kind is ClaimsMapped:
        values["claims"] = tuple(read_claim(row) for row in values["claims"])
    if kind is SupportsFound:
        values["supports"] = tuple(read_support(row) for row in values["supports"])
    if kind is PlacementMade:
        values.setdefault("ad", None)
    try:
        return kind(**values)
    except TypeError as error:
        raise EventError(f"{kind.type}: {error}") from error


def read_claim(row: dict[str, Any]) -> Claim:
    """Return the claim of a JSON document."""
    return Claim(**{**row, "candidates": tuple(row["candidates"]), "against": tuple(row["against"])})


def read_support(row: dict[str, Any]) -> Support:
    """Return the supported sentence of a JSON document."""
    return Support(row["text"], tuple(row["candidates"]), tuple(row["words"]))


def merge_deltas(events: list[Event]) -> list[Event]:
    """Return events with each candidate's consecutive texts joined; they leave the same state."""
    merged: list[Event] = []
    index_by_slot: dict[int, int] = {}
    for event in events:
        last = merged[-1] if merged else None
        if isinstance(event, MoreText):
            index = index_by_slot.setdefault(event.seat, len(merged))
            if index == len(merged):
                merged.append(event)
            else:
                earlier = merged[index]
                text = earlier.text if isinstance(earlier, MoreText) else ""
                merged[index] = MoreText(event.seat, text + event.text)
            continue
        index_by_slot.clear()
        if isinstance(event, AnswerDelta) and isinstance(last, AnswerDelta) and not event.first:
            merged[-1] = AnswerDelta(last.text + event.text, last.first)
        else:
            merged.append(event)
    return merged
