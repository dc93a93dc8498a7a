"""What a turn asked of its providers, call by call; each is kept once, under an id of its own."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.catalog import LanguageModel
from aggregator.pipeline.fan_out import Outcome
from aggregator.pipeline.fuse import Fusion, Sheet
from aggregator.pipeline.judge import Judgement
from aggregator.pipeline.resume import past_calls, past_fusion
from aggregator.pipeline.shapes import Question
from aggregator.turn_state import TurnState


@dataclass(frozen=True, slots=True)
class CallMade:
    """One call to a provider, to be kept once under its id."""

    call_id: uuid.UUID
    purpose: str
    model: str
    provider: str
    input_tokens: int
    output_tokens: int
    source: str
    cost_micros: int
    candidate: str = ""


_Call = Outcome | Judgement | Fusion


@dataclass(slots=True)
class Bill:
    """The calls that a pass over a turn knows of, its own and those of earlier passes."""

    calls: dict[uuid.UUID, CallMade] = field(default_factory=dict)
    sheet: Sheet | None = None

    @property
    def made(self) -> tuple[CallMade, ...]:
        """All calls so far that have ended, that of a judge whose report is being written from among them."""
        if self.sheet and self.sheet.judgement:
            self._add("judge", self.sheet.fuser, self.sheet.judgement)
        return tuple(self.calls.values())

    @property
    def untold(self) -> tuple[CallMade, ...]:
        """The calls that no event tells of, so that another pass could not count them."""
        return tuple(call for call in self.calls.values() if call.purpose != "candidate")

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Add candidates' calls."""
        for outcome in outcomes:
            seat = outcome.seat
            self._add("candidate", seat.model, outcome, seat.candidate)

    def note_fusion(self, fusion: Fusion) -> None:
        """Add what judging and writing took."""
        if fusion.judgement:
            self._add("judge", fusion.model, fusion.judgement)
        self._add("fuse", fusion.model, fusion)

    def note_past(self, state: TurnState, offer: Sequence[LanguageModel], question: Question) -> None:
        """Add what earlier passes asked for, as far as the turn's state tells of it."""
        outcomes = past_calls(state, offer, question)
        self.note(outcomes)
        if fusion := past_fusion(state, offer, question, outcomes):
            self._add("fuse", fusion.model, fusion)

    def cost_micros(self, kept: Mapping[uuid.UUID, int]) -> int:
        """Return what all calls cost, those that are kept already among them, each once."""
        return sum({**{call.call_id: call.cost_micros for call in self.calls.values()}, **kept}.values())

    def _add(self, purpose: str, model: LanguageModel, call: _Call, candidate: str = "") -> None:
        made = CallMade(
            call_id=call.call_id,
            purpose=purpose,
            model=model.slug,
            provider=model.provider,
            input_tokens=call.usage.input_tokens,
            output_tokens=call.usage.output_tokens,
            source=call.usage.source,
            cost_micros=call.cost_micros,
            candidate=candidate,
        )
        self.calls.setdefault(made.call_id, made)
