"""Picks up a turn that was begun before: by a process that died, or to ask a failed candidate again."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.turn_state import CandidateState, TurnState
from aggregator.pipeline.chat_messages import build_messages, estimate_tokens
from aggregator.pipeline.fusion.fuse import Fusion, FusionRequest
from aggregator.pipeline.fusion.fusion_inputs import select_fusion_inputs
from aggregator.pipeline.panel.fan_out import Outcome
from aggregator.pipeline.routing.route import NoModelError, RouteLimits
from aggregator.pipeline.types import PanelSlot, Question, Ranking, Route
from aggregator.providers import TokenUsage, cost_micros

ENDED = {"done", "failed", "stopped"}


def resume_route(
    state: TurnState, offer: Sequence[LanguageModel], *, limits: RouteLimits, again: Collection[str]
) -> tuple[Route, list[Outcome]]:
    """Return the turn's route as it was, and the outcomes that stand; the candidates in `again` do not."""
    by_slug = {model.slug: model for model in offer}
    slots = [
        PanelSlot(slot.candidate, by_slug[slot.model], attempt=slot.attempt)
        for slot in state.candidates.values()
        if slot.model in by_slug
    ]
    if not slots:
        raise NoModelError("no_models")
    kept = [
        _restore_outcome(slot, state.candidates[slot.candidate])
        for slot in slots
        if state.candidates[slot.candidate].status in ENDED and slot.candidate not in again
    ]
    standing = {outcome.slot.candidate for outcome in kept}
    slots = [
        slot if slot.candidate in standing or state.candidates[slot.candidate].status == "waiting"
        else replace(
            slot, attempt=slot.attempt + 1, past_text=state.candidates[slot.candidate].text
        )
        for slot in slots
    ]  # fmt: skip
    route = Route(
        slots=tuple(slots),
        strategy=state.strategy,
        reasons=state.reasons,
        quorum=min(limits.quorum, len(slots)),
        grace_ms=limits.grace_ms,
        deadline_ms=limits.deadline_ms,
    )
    return route, kept


def _restore_outcome(slot: PanelSlot, past: CandidateState) -> Outcome:
    return Outcome(
        slot=slot,
        call_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{past.candidate}/{past.attempt}"),
        status=past.status,
        text=past.text,
        finish_reason=past.finish_reason,
        error=past.error,
        usage=TokenUsage(past.input_tokens, past.output_tokens, "counted"),
        cost_micros=past.cost_micros,
    )


def restore_calls(state: TurnState, offer: Sequence[LanguageModel], question: Question) -> list[Outcome]:
    """Return the calls of an earlier pass: those that ended, and those that broke off with their process."""
    by_slug = {model.slug: model for model in offer}
    calls = []
    for past in state.candidates.values():
        model = by_slug.get(past.model)
        if model is None or past.status == "waiting":
            continue
        if past.status not in ENDED and past.text:
            # Whoever wrote had read all it was sent; that is paid for, although nobody told how much it was.
            read = sum(estimate_tokens(message.text) for message in build_messages(model, question))
            usage = TokenUsage(read, estimate_tokens(past.text), "counted")
            past = replace(
                past,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cost_micros=cost_micros(model, usage),
            )
        calls.append(_restore_outcome(PanelSlot(past.candidate, model, past.attempt), past))
    return calls


def restore_fusion(
    state: TurnState, offer: Sequence[LanguageModel], question: Question, outcomes: Sequence[Outcome]
) -> Fusion | None:
    """Return the fused answer of an earlier pass, with what writing it took, or None when there is none."""
    fuser = next((model for model in offer if model.slug == state.answer_model), None)
    told = state.ranking
    if state.answer_kind != "fused" or not state.answer_text or fuser is None or told is None:
        return None
    ranking = Ranking(told.standings, told.agreeing, told.compared, told.confidence)
    fusion_inputs = select_fusion_inputs(ranking, outcomes)
    fusion = FusionRequest(
        question, fusion_inputs, fuser, make_fusion_key(state, state.answers_begun)
    ).restore(state.answer_text)
    return replace(fusion, cost_micros=state.answer_cost_micros) if state.answer_is_finished else fusion


def make_fusion_key(state: TurnState, number: int) -> str:
    """Return the name of a turn's fused answer, from which the ids of its calls follow."""
    return f"{state.turn}/{state.attempt}/{number}"
