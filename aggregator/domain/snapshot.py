"""A turn's state as events: for pages that missed some, and for a log that was lost."""

from collections.abc import Iterable

from aggregator.domain import events
from aggregator.domain.turn_state import CandidateState, TurnState


def build_snapshot_events(state: TurnState) -> list[events.Event]:
    """Return events that leave this state in a reader, whatever it knew before."""
    history: list[events.Event] = [
        events.TurnOpened(state.conversation, state.turn, state.prompt, state.attempt)
    ]
    candidates = state.candidates.values()
    if state.strategy or candidates:
        history.append(build_route_event(state))
    elif state.queue_position:
        history.append(events.TurnQueued(state.queue_position))
    for candidate in candidates:
        history += _candidate_events(candidate)
    history += _ranking_events(state)
    history += _answer_events(state)
    if state.status != "running":
        history.append(
            events.TurnClosed(state.status, state.error, state.duration_ms, state.cost_micros, state.title)
        )
    if state.placement:
        history.append(state.placement)
    return history


def build_route_event(state: TurnState, added: Iterable[events.PanelMember] = ()) -> events.RouteChosen:
    """Return the event of a turn's route as it is now, with candidates that were added."""
    panel = (candidate.as_panel_member() for candidate in state.candidates.values())
    return events.RouteChosen(
        state.strategy,
        (*panel, *added),
        state.reasons,
        state.topic,
        state.expected_quality,
        state.expected_micros,
        state.expected_ms,
        state.requested,
        state.change,
    )


def _candidate_events(candidate: CandidateState) -> Iterable[events.Event]:
    if candidate.status == "waiting" and not candidate.text and candidate.attempt == 1:
        if candidate.queue_position:
            yield events.CandidateQueued(candidate.candidate, candidate.queue_position)
        return
    yield events.CandidateStarted(candidate.candidate, candidate.attempt)
    if candidate.text:
        yield events.CandidateDelta(candidate.candidate, candidate.text, candidate.ttft_ms or 0)
    if candidate.status == "waiting":
        yield events.CandidateQueued(candidate.candidate, candidate.queue_position)
    elif candidate.status != "streaming":
        yield candidate.as_finished_event()


def _ranking_events(state: TurnState) -> Iterable[events.Event]:
    if state.ranking:
        yield state.ranking
    if state.claims:
        yield events.ClaimsMapped(state.claims)
    if state.leader:
        yield events.LeaderChanged(state.leader)


def _answer_events(state: TurnState) -> Iterable[events.Event]:
    if state.answer_kind == "fused":
        yield events.AnswerStarted("fused", state.answer_model)
        if state.answer_text:
            yield events.AnswerDelta(state.answer_text, first=True)
    if state.answer_is_finished:
        text = "" if state.answer_kind == "fused" else state.answer_text
        yield events.AnswerFinished(
            state.answer_kind, state.answer_candidate, text, state.answer_cost_micros, state.change
        )
    if state.supports:
        yield events.SupportsFound(state.supports)
