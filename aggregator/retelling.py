"""A turn's state told as events: for pages that missed some, and for a log that was lost."""

from collections.abc import Iterable

from aggregator import events
from aggregator.turn_state import CandidateState, TurnState


def retell(state: TurnState) -> list[events.Event]:
    """Return events that leave this state, whatever a reader knew before."""
    history: list[events.Event] = [
        events.TurnOpened(state.conversation, state.turn, state.prompt, state.attempt)
    ]
    seats = state.candidates.values()
    if state.strategy or seats:
        history.append(tell_route(state))
    elif state.waiting_for:
        history.append(events.TurnQueued(state.waiting_for))
    for seat in seats:
        history += _retell_candidate(seat)
    history += _retell_ranking(state)
    history += _retell_answer(state)
    if state.status != "running":
        history.append(
            events.TurnClosed(state.status, state.error, state.duration_ms, state.cost_micros, state.title)
        )
    if state.placement:
        history.append(state.placement)
    return history


def tell_route(state: TurnState, added: Iterable[events.PanelMember] = ()) -> events.RouteChosen:
    """Return the event that tells a turn's route as it stands, with seats that were added."""
    seats = state.candidates.values()
    panel = [
        events.PanelMember(seat.candidate, seat.model, seat.name, seat.vendor, seat.stands_in_for)
        for seat in seats
    ]
    return events.RouteChosen(
        state.strategy,
        (*panel, *added),
        state.reasons,
        state.topic,
        state.expected_quality,
        state.expected_micros,
    )


def _retell_candidate(seat: CandidateState) -> Iterable[events.Event]:
    if seat.status == "waiting" and not seat.text and seat.attempt == 1:
        if seat.waiting_for:
            yield events.CandidateQueued(seat.candidate, seat.waiting_for)
        return
    yield events.CandidateStarted(seat.candidate, seat.attempt)
    if seat.text:
        yield events.CandidateDelta(seat.candidate, seat.text, seat.ttft_ms or 0)
    if seat.status == "waiting":
        yield events.CandidateQueued(seat.candidate, seat.waiting_for)
    elif seat.status != "streaming":
        yield events.CandidateFinished(
            candidate=seat.candidate,
            status=seat.status,
            finish_reason=seat.finish_reason,
            error=seat.error,
            ttft_ms=seat.ttft_ms,
            duration_ms=seat.duration_ms,
            input_tokens=seat.input_tokens,
            output_tokens=seat.output_tokens,
            cost_micros=seat.cost_micros,
        )


def _retell_ranking(state: TurnState) -> Iterable[events.Event]:
    if state.ranking:
        yield state.ranking
    if state.claims:
        yield events.ClaimsMapped(state.claims)
    if state.leader:
        yield events.LeaderChanged(state.leader)


def _retell_answer(state: TurnState) -> Iterable[events.Event]:
    if state.answer_kind == "fused":
        yield events.AnswerStarted("fused", state.answer_model)
        if state.answer_text:
            yield events.AnswerDelta(state.answer_text, first=True)
    if state.answer_is_finished:
        text = "" if state.answer_kind == "fused" else state.answer_text
        yield events.AnswerFinished(state.answer_kind, state.answer_candidate, text, state.answer_cost_micros)
    if state.supports:
        yield events.SupportsFound(state.supports)
