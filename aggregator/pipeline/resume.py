"""Picks up a turn that was begun before: by a process that died, or to ask a failed candidate again."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace

from aggregator.catalog import LanguageModel
from aggregator.pipeline.fan_out import Outcome
from aggregator.pipeline.fuse import Fusion, Sheet
from aggregator.pipeline.ingredients import choose_ingredients
from aggregator.pipeline.messages import compose, estimate_tokens
from aggregator.pipeline.route import Limits, NoModelError
from aggregator.pipeline.shapes import Question, Ranking, Route, Seat
from aggregator.providers import TokenUsage, cost_micros
from aggregator.turn_state import CandidateState, TurnState

ENDED = {"done", "failed", "stopped"}


def resume_route(
    state: TurnState, offer: Sequence[LanguageModel], *, limits: Limits, again: Collection[str]
) -> tuple[Route, list[Outcome]]:
    """Return the turn's route as it was, and the outcomes that stand; the candidates in `again` do not."""
    by_slug = {model.slug: model for model in offer}
    seats = [
        Seat(seat.candidate, by_slug[seat.model], attempt=seat.attempt)
        for seat in state.candidates.values()
        if seat.model in by_slug
    ]
    if not seats:
        raise NoModelError("no_models")
    kept = [
        _outcome(seat, state.candidates[seat.candidate])
        for seat in seats
        if state.candidates[seat.candidate].status in ENDED and seat.candidate not in again
    ]
    standing = {outcome.seat.candidate for outcome in kept}
    seats = [
        seat if seat.candidate in standing or state.candidates[seat.candidate].status == "waiting"
        else replace(
            seat, attempt=seat.attempt + 1, past_text=state.candidates[seat.candidate].text
        )
        for seat in seats
    ]  # fmt: skip
    route = Route(
        seats=tuple(seats),
        strategy=state.strategy,
        reasons=state.reasons,
        quorum=min(limits.quorum, len(seats)),
        grace_ms=limits.grace_ms,
        deadline_ms=limits.deadline_ms,
    )
    return route, kept


def _outcome(seat: Seat, past: CandidateState) -> Outcome:
    return Outcome(
        seat=seat,
        call_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{past.candidate}/{past.attempt}"),
        status=past.status,
        text=past.text,
        finish_reason=past.finish_reason,
        error=past.error,
        usage=TokenUsage(past.input_tokens, past.output_tokens, "counted"),
        cost_micros=past.cost_micros,
    )


def past_calls(state: TurnState, offer: Sequence[LanguageModel], question: Question) -> list[Outcome]:
    """Return the calls of an earlier pass: those that ended, and those that broke off with their process."""
    by_slug = {model.slug: model for model in offer}
    calls = []
    for past in state.candidates.values():
        model = by_slug.get(past.model)
        if model is None or past.status == "waiting":
            continue
        if past.status not in ENDED and past.text:
            # Whoever wrote had read all it was sent; that is paid for, although nobody told how much it was.
            read = sum(estimate_tokens(message.text) for message in compose(model, question))
            usage = TokenUsage(read, estimate_tokens(past.text), "counted")
            past = replace(
                past,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cost_micros=cost_micros(model, usage),
            )
        calls.append(_outcome(Seat(past.candidate, model, past.attempt), past))
    return calls


def past_fusion(
    state: TurnState, offer: Sequence[LanguageModel], question: Question, outcomes: Sequence[Outcome]
) -> Fusion | None:
    """Return the fused answer of an earlier pass, with what writing it took, or None when there is none."""
    fuser = next((model for model in offer if model.slug == state.answer_model), None)
    told = state.ranking
    if state.answer_kind != "fused" or not state.answer_text or fuser is None or told is None:
        return None
    ranking = Ranking(told.standings, told.agreeing, told.compared, told.confidence)
    ingredients = choose_ingredients(ranking, outcomes)
    fusion = Sheet(question, ingredients, fuser, name_fusion(state, state.answers_begun)).recall(
        state.answer_text
    )
    return replace(fusion, cost_micros=state.answer_cost_micros) if state.answer_is_finished else fusion


def name_fusion(state: TurnState, number: int) -> str:
    """Return the name of a turn's fused answer, from which the ids of its calls follow."""
    return f"{state.turn}/{state.attempt}/{number}"
