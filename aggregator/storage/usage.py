"""What a turn asked of its providers, call by call; each is kept once, under an id of its own."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.turn_state import TurnState
from aggregator.pipeline.fusion.fuse import Fusion, FusionRequest
from aggregator.pipeline.fusion.judge import Judgement
from aggregator.pipeline.fusion.resume import restore_calls, restore_fusion
from aggregator.pipeline.panel.fan_out import Outcome
from aggregator.pipeline.types import Question


@dataclass(frozen=True, slots=True)
class ProviderCall:
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


_BilledCall = Outcome | Judgement | Fusion


@dataclass(slots=True)
class UsageRecorder:
    """The calls that a pass over a turn knows of, its own and those of earlier passes."""

    calls: dict[uuid.UUID, ProviderCall] = field(default_factory=dict)
    fusion_request: FusionRequest | None = None

    @property
    def made(self) -> tuple[ProviderCall, ...]:
        """All calls so far that have ended, that of a judge whose report is being written from among them."""
        if self.fusion_request and self.fusion_request.judgement:
            self._add("judge", self.fusion_request.fuser, self.fusion_request.judgement)
        return tuple(self.calls.values())

    @property
    def unlogged(self) -> tuple[ProviderCall, ...]:
        """The calls that no event tells of, so that another pass could not count them."""
        return tuple(call for call in self.calls.values() if call.purpose != "candidate")

    def record_candidates(self, outcomes: Iterable[Outcome]) -> None:
        """Add candidates' calls."""
        for outcome in outcomes:
            slot = outcome.slot
            self._add("candidate", slot.model, outcome, slot.candidate)

    def record_fusion(self, fusion: Fusion) -> None:
        """Add what judging and writing took."""
        if fusion.judgement:
            self._add("judge", fusion.model, fusion.judgement)
        self._add("fuse", fusion.model, fusion)

    def record_past(self, state: TurnState, offer: Sequence[LanguageModel], question: Question) -> None:
        """Add what earlier passes asked for, as far as the turn's state tells of it."""
        outcomes = restore_calls(state, offer, question)
        self.record_candidates(outcomes)
        if fusion := restore_fusion(state, offer, question, outcomes):
            self._add("fuse", fusion.model, fusion)

    def cost_micros(self, kept: Mapping[uuid.UUID, int]) -> int:
        """Return what all calls cost, those that are kept already among them, each once."""
        return sum({**{call.call_id: call.cost_micros for call in self.calls.values()}, **kept}.values())

    def _add(self, purpose: str, model: LanguageModel, call: _BilledCall, candidate: str = "") -> None:
        made = ProviderCall(
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
