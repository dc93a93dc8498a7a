"""The provider calls of a turn; each is stored once, under an id that follows from what it was for."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.turn_state import TurnState
from aggregator.pipeline.fusion.fuse import Fusion, FusionRequest, restore_fusion
from aggregator.pipeline.fusion.judge import Judgement
from aggregator.pipeline.panel.panel import Outcome
from aggregator.pipeline.panel.resume import restore_calls
from aggregator.pipeline.types import Question
from aggregator.storage.provider_call import ProviderCall

_BilledCall = Outcome | Judgement | Fusion


@dataclass(slots=True)
class UsageRecorder:
    """The calls of a turn that one pass knows of, its own and those of earlier passes."""

    calls: dict[uuid.UUID, ProviderCall] = field(default_factory=dict)
    fusion_request: FusionRequest | None = None

    @property
    def finished_calls(self) -> tuple[ProviderCall, ...]:
        """All calls that have ended, including a judge's while the fused answer is still being written."""
        if self.fusion_request and self.fusion_request.judgement:
            self._add("judge", self.fusion_request.fuser, self.fusion_request.judgement)
        return tuple(self.calls.values())

    @property
    def unlogged(self) -> tuple[ProviderCall, ...]:
        """The calls that no event records, so that another pass could not count them."""
        return tuple(call for call in self.calls.values() if call.purpose != "candidate")

    def record_candidates(self, outcomes: Iterable[Outcome]) -> None:
        """Add the calls of candidates."""
        for outcome in outcomes:
            slot = outcome.slot
            self._add("candidate", slot.model, outcome, slot.candidate)

    def record_fusion(self, fusion: Fusion) -> None:
        """Add the calls of the judge and the fuser."""
        if fusion.judgement:
            self._add("judge", fusion.model, fusion.judgement)
        self._add("fuse", fusion.model, fusion)

    def record_judgement(self, judgement: Judgement) -> None:
        """Add a judge's call that belongs to no fused answer."""
        self._add("judge", judgement.model, judgement)

    @property
    def has_report(self) -> bool:
        """Whether a judge has compared the answers for a fused one."""
        return self.fusion_request is not None and self.fusion_request.judgement is not None

    def record_past(self, state: TurnState, offer: Sequence[LanguageModel], question: Question) -> None:
        """Add the calls of earlier passes that the turn's state shows."""
        outcomes = restore_calls(state, offer, question)
        self.record_candidates(outcomes)
        if fusion := restore_fusion(state, offer, question, outcomes):
            self._add("fuse", fusion.model, fusion)

    def cost_micros(self, stored: Mapping[uuid.UUID, int]) -> int:
        """Return the cost of all calls, including those that are stored already, each once."""
        return sum({**{call.call_id: call.cost_micros for call in self.calls.values()}, **stored}.values())

    def _add(self, purpose: str, model: LanguageModel, call: _BilledCall, candidate: str = "") -> None:
        finished = ProviderCall(
            call_id=call.call_id,
            purpose=purpose,
            model=model.slug,
            provider=model.provider,
            input_tokens=call.usage.input_tokens,
            output_tokens=call.usage.output_tokens,
            source=call.usage.source,
            cost_micros=call.cost_micros,
            candidate=candidate,
            key_id=model.key_id,
        )
        self.calls.setdefault(finished.call_id, finished)
