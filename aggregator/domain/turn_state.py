"""The state of a turn after its events: one reducer for recovery, checkpoints, the public API and the shell.

`static/js/state/turn_state.js` is its twin on the page.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from aggregator.domain import events


@dataclass(slots=True)
class CandidateState:
    """A candidate's state after its events."""

    candidate: str
    model: str
    name: str
    vendor: str
    status: str = "waiting"
    attempt: int = 1
    queue_position: int = 0
    text: str = ""
    finish_reason: str = ""
    error: str = ""
    ttft_ms: int | None = None
    duration_ms: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    stands_in_for: str = ""

    @property
    def tokens_per_second(self) -> float | None:
        """Output tokens a second after the first token, or None while unknown."""
        if self.ttft_ms is None or self.duration_ms <= self.ttft_ms:
            return None
        return round(self.output_tokens * 1000 / (self.duration_ms - self.ttft_ms), 1)

    def as_panel_member(self) -> events.PanelMember:
        """Return the candidate as a route event lists it."""
        return events.PanelMember(**_pick_fields(self, events.PanelMember))

    def as_finished_event(self) -> events.CandidateFinished:
        """Return the event that ends the candidate as it ended."""
        return events.CandidateFinished(**_pick_fields(self, events.CandidateFinished))


def _pick_fields(source: object, kind: type[events.PanelMember | events.CandidateFinished]) -> dict[str, Any]:
    return {each.name: getattr(source, each.name) for each in fields(kind)}


_RENAMED_COLUMNS = {"candidate": "public_id", "name": "model_name"}
# The database columns of a candidate by the fields above, in order; a queue position is not stored.
CANDIDATE_COLUMNS = {
    each.name: _RENAMED_COLUMNS.get(each.name, each.name)
    for each in fields(CandidateState)
    if each.name != "queue_position"
}
# What a candidate that is asked again keeps of the attempt before, until the first piece of the new one.
KEPT_ON_RETRY = ("candidate", "model", "name", "vendor", "text", "ttft_ms", "stands_in_for")


@dataclass(slots=True)
class TurnState:
    """A turn's state after its events."""

    turn: str = ""
    conversation: str = ""
    prompt: str = ""
    attempt: int = 1
    strategy: str = ""
    reasons: tuple[str, ...] = ()
    topic: str = ""
    expected_quality: float | None = None
    expected_micros: int | None = None
    expected_ms: int | None = None
    # The strategy that a person asked for, and why another one was used (docs/events.md).
    requested: str = ""
    change: str = ""
    queue_position: int = 0
    candidates: dict[str, CandidateState] = field(default_factory=dict)
    leader: str = ""
    ranking: events.RankingMade | None = None
    claims: tuple[events.Claim, ...] = ()
    supports: tuple[events.Support, ...] = ()
    answer_kind: str = ""
    answer_candidate: str = ""
    answer_model: str = ""
    answer_text: str = ""
    answer_cost_micros: int = 0
    answer_is_finished: bool = False
    # How often a model began to write the answer; each time is a call of its own.
    answers_begun: int = field(default=0, compare=False)
    status: str = "running"
    error: str = ""
    title: str = ""
    duration_ms: int = 0
    cost_micros: int = 0
    placement: events.PlacementMade | None = None

    @property
    def answer(self) -> str:
        """The text of the answer: the turn's own, or that of the candidate it points to."""
        if self.answer_text or not self.answer_candidate:
            return self.answer_text
        return self.candidates[self.answer_candidate].text

    @property
    def answering_model(self) -> str:
        """The slug of the model that wrote the answer, or ''."""
        candidate = self.candidates.get(self.answer_candidate)
        return candidate.model if candidate else self.answer_model

    def apply(self, event: events.Event) -> None:
        """Apply one event; unknown candidates are ignored, so that a truncated log can still be read."""
        REDUCERS[type(event)](self, event)

    def _open(self, event: events.TurnOpened) -> None:
        self.turn, self.conversation, self.prompt = event.turn, event.conversation, event.prompt
        self.status, self.error = "running", ""
        # The same attempt opened again was recovered after a crash: what is shown stays.
        if event.attempt != self.attempt:
            self.placement = None
            self.answer_kind = self.answer_candidate = self.answer_model = self.answer_text = ""
            self.answer_is_finished = False
            self.supports = ()
        self.attempt = event.attempt

    def _queue(self, event: events.TurnQueued) -> None:
        self.queue_position = event.position

    def _set_panel(self, event: events.RouteChosen) -> None:
        self.strategy, self.reasons, self.queue_position = event.strategy, event.reasons, 0
        self.topic, self.expected_quality = event.topic, event.quality
        self.expected_micros, self.expected_ms = event.expected_micros, event.expected_ms
        self.requested, self.change = event.requested, event.change
        self.candidates = {
            member.candidate: self.candidates.get(member.candidate) or CandidateState(**asdict(member))
            for member in event.panel
        }

    def _queue_candidate(self, event: events.CandidateQueued) -> None:
        candidate = self.candidates.get(event.candidate)
        if candidate:
            candidate.status, candidate.queue_position = "waiting", event.position

    def _start(self, event: events.CandidateStarted) -> None:
        known = self.candidates.get(event.candidate)
        if known:
            kept = {name: getattr(known, name) for name in KEPT_ON_RETRY}
            self.candidates[event.candidate] = CandidateState(
                **kept, status="streaming", attempt=event.attempt
            )

    def _extend(self, event: events.CandidateDelta) -> None:
        candidate = self.candidates.get(event.candidate)
        if candidate is None:
            return
        if event.ttft_ms is None:
            candidate.text += event.text
        else:
            candidate.text, candidate.ttft_ms = event.text, event.ttft_ms

    def _add_text(self, event: events.MoreText) -> None:
        for position, candidate in enumerate(self.candidates.values()):
            if position == event.seat:
                candidate.text += event.text

    def _finish(self, event: events.CandidateFinished) -> None:
        candidate = self.candidates.get(event.candidate)
        if candidate is None:
            return
        candidate.queue_position = 0
        for name, value in _pick_fields(event, events.CandidateFinished).items():
            if name != "ttft_ms" or value is not None:
                setattr(candidate, name, value)

    def _set_leader(self, event: events.LeaderChanged) -> None:
        self.leader = event.candidate

    def _set_ranking(self, event: events.RankingMade) -> None:
        self.ranking = event

    def _set_claims(self, event: events.ClaimsMapped) -> None:
        self.claims = event.claims

    def _start_answer(self, event: events.AnswerStarted) -> None:
        self.answer_kind, self.answer_model = event.kind, event.model
        self.answer_candidate, self.answer_is_finished = "", False
        self.answers_begun += 1

    def _extend_answer(self, event: events.AnswerDelta) -> None:
        self.answer_text = event.text if event.first else self.answer_text + event.text

    def _finish_answer(self, event: events.AnswerFinished) -> None:
        if event.kind != "fused":
            self.answer_model = ""
            self.answer_text = event.text
        self.answer_kind, self.answer_candidate = event.kind, event.candidate
        self.answer_cost_micros, self.answer_is_finished = event.cost_micros, True
        self.change = event.change

    def _set_supports(self, event: events.SupportsFound) -> None:
        self.supports = event.supports

    def _close(self, event: events.TurnClosed) -> None:
        self.status, self.error, self.title = event.status, event.error, event.title
        self.duration_ms, self.cost_micros = event.duration_ms, event.cost_micros
        self.queue_position = 0

    def _set_placement(self, event: events.PlacementMade) -> None:
        self.placement = event


# The database columns of a turn's answer; the fields above have the same names.
ANSWER_COLUMNS = ("leader", "answer_kind", "answer_model", "answer_text", "answer_cost_micros")

REDUCERS: dict[type[events.Event], Callable[[TurnState, Any], None]] = {
    events.TurnOpened: TurnState._open,
    events.TurnQueued: TurnState._queue,
    events.RouteChosen: TurnState._set_panel,
    events.CandidateQueued: TurnState._queue_candidate,
    events.CandidateStarted: TurnState._start,
    events.CandidateDelta: TurnState._extend,
    events.MoreText: TurnState._add_text,
    events.CandidateFinished: TurnState._finish,
    events.LeaderChanged: TurnState._set_leader,
    events.RankingMade: TurnState._set_ranking,
    events.ClaimsMapped: TurnState._set_claims,
    events.AnswerStarted: TurnState._start_answer,
    events.AnswerDelta: TurnState._extend_answer,
    events.AnswerFinished: TurnState._finish_answer,
    events.SupportsFound: TurnState._set_supports,
    events.TurnClosed: TurnState._close,
    events.PlacementMade: TurnState._set_placement,
}


def reduce_events(history: list[events.Event]) -> TurnState:
    """Return the state that a list of events leaves."""
    state = TurnState()
    for event in history:
        state.apply(event)
    return state
