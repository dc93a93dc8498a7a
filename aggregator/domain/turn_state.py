"""What a turn looks like after its events: the one reducer behind recovery, keeping and the shell."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aggregator.domain import events


@dataclass(slots=True)
class CandidateState:
    """A candidate as its events have left it."""

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
        """Output tokens a second after the first one, or None while that cannot be told."""
        if self.ttft_ms is None or self.duration_ms <= self.ttft_ms:
            return None
        return round(self.output_tokens * 1000 / (self.duration_ms - self.ttft_ms), 1)


@dataclass(slots=True)
class TurnState:
    """A turn as its events have left it."""

    turn: str = ""
    conversation: str = ""
    prompt: str = ""
    attempt: int = 1
    strategy: str = ""
    reasons: tuple[str, ...] = ()
    topic: str = ""
    expected_quality: float | None = None
    expected_micros: int | None = None
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
    # How often a model began to write the answer: no two of these calls are one.
    answers_begun: int = field(default=0, compare=False)
    status: str = "running"
    error: str = ""
    title: str = ""
    duration_ms: int = 0
    cost_micros: int = 0
    placement: events.PlacementMade | None = None

    @property
    def answer(self) -> str:
        """The text that stands as the answer: its own, or that of the candidate it points to."""
        if self.answer_text or not self.answer_candidate:
            return self.answer_text
        return self.candidates[self.answer_candidate].text

    def apply(self, event: events.Event) -> None:
        """Take in one event; unknown candidates are ignored, so that a cut log can still be read."""
        REDUCERS[type(event)](self, event)

    def _open(self, event: events.TurnOpened) -> None:
        self.turn, self.conversation, self.prompt = event.turn, event.conversation, event.prompt
        self.status, self.error, self.placement = "running", "", None
        # The same attempt opened again was picked up after a crash: what is shown stays.
        if event.attempt != self.attempt:
            self.answer_kind = self.answer_candidate = self.answer_model = self.answer_text = ""
            self.answer_is_finished = False
            self.supports = ()
        self.attempt = event.attempt

    def _queue(self, event: events.TurnQueued) -> None:
        self.queue_position = event.position

    def _set_panel(self, event: events.RouteChosen) -> None:
        self.strategy, self.reasons, self.queue_position = event.strategy, event.reasons, 0
        self.topic, self.expected_quality = event.topic, event.quality
        self.expected_micros = event.expected_micros
        self.candidates = {
            seat.candidate: self.candidates.get(seat.candidate)
            or CandidateState(
                seat.candidate, seat.model, seat.name, seat.vendor, stands_in_for=seat.stands_in_for
            )
            for seat in event.panel
        }

    def _queue_candidate(self, event: events.CandidateQueued) -> None:
        candidate = self.candidates.get(event.candidate)
        if candidate:
            candidate.status, candidate.queue_position = "waiting", event.position

    def _start(self, event: events.CandidateStarted) -> None:
        known = self.candidates.get(event.candidate)
        if known:
            self.candidates[event.candidate] = CandidateState(
                known.candidate,
                known.model,
                known.name,
                known.vendor,
                "streaming",
                event.attempt,
                text=known.text,
                ttft_ms=known.ttft_ms,
                stands_in_for=known.stands_in_for,
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
        for place, candidate in enumerate(self.candidates.values()):
            if place == event.seat:
                candidate.text += event.text

    def _finish(self, event: events.CandidateFinished) -> None:
        candidate = self.candidates.get(event.candidate)
        if candidate is None:
            return
        candidate.status, candidate.finish_reason = event.status, event.finish_reason
        candidate.error, candidate.queue_position = event.error, 0
        candidate.ttft_ms = candidate.ttft_ms if event.ttft_ms is None else event.ttft_ms
        candidate.duration_ms, candidate.cost_micros = event.duration_ms, event.cost_micros
        candidate.input_tokens, candidate.output_tokens = event.input_tokens, event.output_tokens

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

    def _set_supports(self, event: events.SupportsFound) -> None:
        self.supports = event.supports

    def _close(self, event: events.TurnClosed) -> None:
        self.status, self.error, self.title = event.status, event.error, event.title
        self.duration_ms, self.cost_micros = event.duration_ms, event.cost_micros
        self.queue_position = 0

    def _set_placement(self, event: events.PlacementMade) -> None:
        self.placement = event


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
