"""The setup of a turn: load its context, then choose a new route or resume the one of an earlier pass."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

from django.conf import settings

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.events import PanelMember, RouteChosen
from aggregator.execution.turn_context import (
    TurnContext,
    build_context,
    build_question,
    find_snapshot,
    load_snapshot,
)
from aggregator.execution.turn_run import CLOSE_RETRY_SECONDS, TurnRun
from aggregator.infra.concurrency import retry_db, retry_db_async, run_in_db_thread
from aggregator.models import Conversation, Turn
from aggregator.pipeline.panel.panel import Outcome
from aggregator.pipeline.panel.resume import resume_route
from aggregator.pipeline.routing.route import RoutePreferences, plan_route
from aggregator.pipeline.types import Route, RouteLimits
from aggregator.resilience.breaker import filter_available
from aggregator.storage.checkpoint import read_pending_commands


@dataclass(frozen=True, slots=True)
class TurnSetup:
    """What a turn's panel is asked with."""

    context: TurnContext
    route: Route
    # What an earlier pass has finished.
    outcomes: Sequence[Outcome]
    # The models that may be asked in place of one that fails.
    fallback_models: Sequence[LanguageModel]


async def load_context(turn: Turn, retry_seconds: float) -> TurnContext:
    """Return what a turn begins with, without a query where the process has it in memory."""
    snapshot = find_snapshot()
    # Without any model the snapshot is read anew: one may just have been switched on, or begun to answer.
    if snapshot is None or not snapshot.offer:
        snapshot = await retry_db(retry_seconds, load_snapshot)
    build = partial(build_question, turn)
    has_no_history = turn.conversation.pk is None or turn.number == 1
    question = build() if has_no_history else await retry_db(retry_seconds, build)
    if turn.asked_panel:
        return build_context(turn, question, snapshot)
    return await run_in_db_thread(build_context, turn, question, snapshot)


async def prepare_setup(run: TurnRun, context: TurnContext) -> TurnSetup:
    """Choose the turn's route, or resume it, and emit it; the turn need not be stored yet.

    Raises NoModelError.
    """
    # Called for every turn, because it also applies the pauses that providers asked for.
    available = await filter_available(run.writer.log.client, context.offer)
    if run.state.candidates:
        return await _resume_setup(run, context)
    route, fallback_models = _choose_route(run.turn, context, available)
    run.turn.route = asdict(route.plan)
    await run.emit(_build_route_event(route))
    return TurnSetup(context, route, (), fallback_models)


async def _resume_setup(run: TurnRun, context: TurnContext) -> TurnSetup:
    read = partial(read_pending_commands, turn=run.turn, state=run.state)
    pending = await retry_db_async(CLOSE_RETRY_SECONDS, read)
    added = [row for row in pending.candidates if str(row.public_id) not in run.state.candidates]
    if added:
        await run.add_to_panel(added)
    again = {str(row.public_id) for row in pending.candidates}
    route, outcomes = resume_route(run.state, context.offer, limits=_read_route_limits(), retry=again)
    return TurnSetup(context, route, outcomes, context.offer)


def _choose_route(
    turn: Turn, context: TurnContext, available: Sequence[LanguageModel]
) -> tuple[Route, Sequence[LanguageModel]]:
    # A program that names a model would not notice that another one answered.
    is_exact = turn.conversation.origin == Conversation.Origin.API
    preferences = RoutePreferences(turn.asked_strategy, tuple(turn.asked_panel), is_exact)
    # A model asked for by name is kept even while its circuit breaker is open.
    models = context.offer if preferences.panel else available
    limits = _read_route_limits()
    route = plan_route(context.question, models, preferences=preferences, context=context.day, limits=limits)
    return route, models


def _read_route_limits() -> RouteLimits:
    return RouteLimits(
        settings.TURN_QUORUM, settings.TURN_GRACE_MS, settings.TURN_DEADLINE_MS, settings.PANEL_SIZE
    )


def _build_route_event(route: Route) -> RouteChosen:
    plan = route.plan
    panel = tuple(
        PanelMember(slot.candidate, slot.model.slug, slot.model.name, slot.model.vendor)
        for slot in route.slots
    )
    return RouteChosen(route.strategy, panel, route.reasons, plan.topic, plan.quality, plan.cost_micros)
