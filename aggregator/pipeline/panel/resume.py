"""Rebuilds the panel of a turn that began earlier: after its process died, or to retry failed candidates."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.turn_state import CandidateState, TurnState
from aggregator.pipeline.chat_messages import build_messages, count_usage
from aggregator.pipeline.panel.panel import Outcome, make_call_id
from aggregator.pipeline.types import (
    PLANNED_CHANGES,
    NoModelError,
    PanelSlot,
    Plan,
    Question,
    Route,
    RouteLimits,
)
from aggregator.providers import TokenUsage, cost_micros

_ENDED = {"done", "failed", "stopped"}


def has_unfinished(state: TurnState) -> bool:
    """Return whether a candidate has neither ended nor failed."""
    return any(candidate.status not in _ENDED for candidate in state.candidates.values())


def resume_route(
    state: TurnState, models: Sequence[LanguageModel], *, limits: RouteLimits, retry: Collection[str]
) -> tuple[Route, list[Outcome]]:
    """Return the stored route, and the outcomes that stand; the candidates in `retry` are asked again."""
    by_slug = {model.slug: model for model in models}
    slots, kept = [], []
    for candidate in state.candidates.values():
        if candidate.model not in by_slug:
            continue
        slot = PanelSlot(candidate.candidate, by_slug[candidate.model], candidate.attempt)
        if candidate.status in _ENDED and candidate.candidate not in retry:
            kept.append(_restore_outcome(slot, candidate))
        elif candidate.status != "waiting":
            slot = replace(slot, attempt=slot.attempt + 1, past_text=candidate.text)
        slots.append(slot)
    if not slots:
        raise NoModelError("no_models")
    route = Route(
        slots=tuple(slots),
        strategy=state.strategy,
        reasons=state.reasons,
        quorum=min(limits.quorum, len(slots)),
        grace_ms=limits.grace_ms,
        deadline_ms=limits.deadline_ms,
        plan=Plan(requested=state.requested, change=state.change if state.change in PLANNED_CHANGES else ""),
    )
    return route, kept


def restore_calls(state: TurnState, models: Sequence[LanguageModel], question: Question) -> list[Outcome]:
    """Return the candidates' calls of an earlier pass, those that broke off with their process among them."""
    by_slug = {model.slug: model for model in models}
    calls = []
    for candidate in state.candidates.values():
        model = by_slug.get(candidate.model)
        if model is None or candidate.status == "waiting":
            continue
        if candidate.status not in _ENDED and candidate.text:
            # A model that wrote had read its whole input, which is paid for without a reported usage.
            usage = count_usage(build_messages(model, question), candidate.text)
            candidate = replace(
                candidate,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cost_micros=cost_micros(model, usage),
            )
        calls.append(_restore_outcome(PanelSlot(candidate.candidate, model, candidate.attempt), candidate))
    return calls


def _restore_outcome(slot: PanelSlot, candidate: CandidateState) -> Outcome:
    return Outcome(
        slot=slot,
        call_id=make_call_id(candidate.candidate, candidate.attempt),
        status=candidate.status,
        text=candidate.text,
        finish_reason=candidate.finish_reason,
        error=candidate.error,
        usage=TokenUsage(candidate.input_tokens, candidate.output_tokens, "counted"),
        cost_micros=candidate.cost_micros,
    )
