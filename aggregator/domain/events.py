"""The vocabulary of a turn: every event that a turn emits, its wire form, and nothing else.

docs/events.md describes each one and a test holds both lists equal. Events are appended to the turn log in
order; the sequence number of an event is its position in the turn, counted from 1.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar


class EventError(ValueError):
    """A stored or received event does not have the agreed form."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a turn."""

    type: ClassVar[str]


@dataclass(frozen=True, slots=True)
class TurnOpened(Event):
    """The turn is stored and its work begins (again, when `attempt` is above 1)."""

    type: ClassVar[str] = "turn_opened"
    conversation: str
    turn: str
    prompt: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class TurnQueued(Event):
    """The turn waits for its turn: so many others are before it."""

    type: ClassVar[str] = "turn_queued"
    position: int


@dataclass(frozen=True, slots=True)
class PanelMember:
    """One seat of the panel: the candidate to come, the model asked for it, the broken one it replaces."""

    candidate: str
    model: str
    name: str
    vendor: str
    stands_in_for: str = ""


@dataclass(frozen=True, slots=True)
class RouteChosen(Event):
    """The panel and the strategy are settled; `reasons` are codes that the page words (docs/events.md)."""

    type: ClassVar[str] = "route_chosen"
    strategy: str
    panel: tuple[PanelMember, ...]
    reasons: tuple[str, ...]
    topic: str = ""
    quality: float | None = None
    expected_micros: int | None = None


@dataclass(frozen=True, slots=True)
class CandidateQueued(Event):
    """A candidate waits for its model, which is busy; so many others are before it."""

    type: ClassVar[str] = "candidate_queued"
    candidate: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class CandidateStarted(Event):
    """A model was asked; text of an earlier attempt stays until the first piece of this one."""

    type: ClassVar[str] = "candidate_started"
    candidate: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class CandidateDelta(Event):
    """Text of a candidate; `ttft_ms` comes with the first piece, which takes the place of older text."""

    type: ClassVar[str] = "candidate_delta"
    candidate: str
    text: str
    ttft_ms: int | None = None


@dataclass(frozen=True, slots=True)
class MoreText(Event):
    """Further text of the candidate that sits at this place of the panel, counted from 0."""

    type: ClassVar[str] = "more"
    seat: int
    text: str


@dataclass(frozen=True, slots=True)
class CandidateFinished(Event):
    """A candidate's text is complete: status done, failed or stopped, with what it took and cost."""

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
    """This candidate is the best so far; the page shows its text in the answer's place."""

    type: ClassVar[str] = "leader_changed"
    candidate: str


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """A candidate's place in the ranking: score in 0-1, and codes for what raised or lowered it."""

    candidate: str
    score: float
    group: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankingMade(Event):
    """Candidates in order, best first; `agreeing` of `compared` say the same as the first."""

    type: ClassVar[str] = "ranking_made"
    standings: tuple[RankedCandidate, ...]
    agreeing: int
    compared: int
    confidence: float | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that candidates say, and what those against it say: kind contested or shared."""

    kind: str
    text: str
    candidates: tuple[str, ...]
    against: tuple[str, ...] = ()
    other_text: str = ""


@dataclass(frozen=True, slots=True)
class ClaimsMapped(Event):
    """Where the candidates contradict each other, and what they share; a later map takes this one's place."""

    type: ClassVar[str] = "claims_mapped"
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class AnswerStarted(Event):
    """A model begins to write the answer (kind fused); older text stays until its first piece."""

    type: ClassVar[str] = "answer_started"
    kind: str
    model: str


@dataclass(frozen=True, slots=True)
class AnswerDelta(Event):
    """More text of a fused answer; the first piece takes the place of older text."""

    type: ClassVar[str] = "answer_delta"
    text: str
    first: bool = False


@dataclass(frozen=True, slots=True)
class AnswerFinished(Event):
    """The answer stands: fused (own text), or best, vote, lone, single or help (`candidate` or `text`)."""

    type: ClassVar[str] = "answer_finished"
    kind: str
    candidate: str = ""
    text: str = ""
    cost_micros: int = 0


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence of a fused answer, the candidates that say it too, and the words of each."""

    text: str
    candidates: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SupportsFound(Event):
    """Which candidates stand behind which sentences of the fused answer."""

    type: ClassVar[str] = "supports_found"
    supports: tuple[Support, ...]


@dataclass(frozen=True, slots=True)
class TurnClosed(Event):
    """Everything is kept: status done, stopped or failed; `error` is a code that the page words."""

    type: ClassVar[str] = "turn_closed"
    status: str
    error: str = ""
    duration_ms: int = 0
    cost_micros: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class PlacementMade(Event):
    """The ad market's reply, after the answer is kept: an ad's fields, or none and the reason."""

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
    """Return an event as plain JSON values, its type first; fields that hold nothing are left out."""
    kind = type(event)
    # asdict copies deeply, which is most of what a delta would cost.
    values = (
        asdict(event) if kind in NESTED_EVENTS else {name: getattr(event, name) for name in FIELD_NAMES[kind]}
    )
    if kind is RouteChosen:
        values["panel"] = [{name: held for name, held in seat.items() if held} for seat in values["panel"]]
    held = {
        name: value
        for name, value in values.items()
        if value is not None and value is not False and value != ""
    }
    return {"type": kind.type, **held}


def decode(document: dict[str, Any]) -> Event:
    """Read an event back; raises EventError when it is not of the vocabulary."""
    told = dict(document)
    kind = EVENTS.get(str(told.pop("type", "")))
    if kind is None:
        raise EventError(f"no such event: {document.get('type')!r}")
    if kind is RouteChosen:
        told["panel"] = tuple(PanelMember(**seat) for seat in told["panel"])
        told["reasons"] = tuple(told["reasons"])
    if kind is RankingMade:
        told["standings"] = tuple(
            RankedCandidate(**{**row, "reasons": tuple(row["reasons"])}) for row in told["standings"]
        )
    if kind is ClaimsMapped:
        told["claims"] = tuple(read_claim(row) for row in told["claims"])
    if kind is SupportsFound:
        told["supports"] = tuple(read_support(row) for row in told["supports"])
    if kind is PlacementMade:
        told.setdefault("ad", None)
    try:
        return kind(**told)
    except TypeError as error:
        raise EventError(f"{kind.type}: {error}") from error


def read_claim(row: dict[str, Any]) -> Claim:
    """Read one claim back from plain JSON values."""
    return Claim(**{**row, "candidates": tuple(row["candidates"]), "against": tuple(row["against"])})


def read_support(row: dict[str, Any]) -> Support:
    """Read one supported sentence back from plain JSON values."""
    return Support(row["text"], tuple(row["candidates"]), tuple(row["words"]))


def merge_deltas(events: list[Event]) -> list[Event]:
    """Join texts that only others' texts part, which changes no final state and keeps every other event."""
    merged: list[Event] = []
    places: dict[int, int] = {}
    for event in events:
        last = merged[-1] if merged else None
        if isinstance(event, MoreText):
            place = places.setdefault(event.seat, len(merged))
            if place == len(merged):
                merged.append(event)
            else:
                known = merged[place]
                told = known.text if isinstance(known, MoreText) else ""
                merged[place] = MoreText(event.seat, told + event.text)
            continue
        places.clear()
        if isinstance(event, AnswerDelta) and isinstance(last, AnswerDelta) and not event.first:
            merged[-1] = AnswerDelta(last.text + event.text, last.first)
        else:
            merged.append(event)
    return merged
