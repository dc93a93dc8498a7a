"""What a turn begins with: a snapshot that all turns of a process share, its context, and its route."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from threading import Lock

from cachetools import TTLCache
from django.conf import settings

from aggregator import placements
from aggregator.budgeting import budget as budgets
from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.events import PanelMember, RouteChosen
from aggregator.domain.sampling import Sampling
from aggregator.execution.model_paces import measure_paces
from aggregator.execution.turn_run import CLOSE_RETRY_SECONDS, TurnRun
from aggregator.infra.concurrency import retry_db, retry_db_async, run_in_db_thread
from aggregator.models import Conversation, Turn
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.panel.panel import Outcome
from aggregator.pipeline.panel.resume import resume_route
from aggregator.pipeline.ranking.weights import get_active_weights
from aggregator.pipeline.routing.answer_forecast import Paces
from aggregator.pipeline.routing.expected_quality import expect_quality
from aggregator.pipeline.routing.prompt_topics import OTHER, TopicPrediction, classify_topic
from aggregator.pipeline.routing.route import RoutePreferences, RoutingContext, can_afford_call, plan_route
from aggregator.pipeline.types import Question, Route, RouteLimits
from aggregator.ratings import ratings
from aggregator.resilience.breaker import filter_available
from aggregator.resilience.permits import NOBODY, Person, identify_person
from aggregator.selectors import conversations
from aggregator.selectors.turns import is_answer_pending
from aggregator.services.listings import list_offered_models
from aggregator.storage import model_weights
from aggregator.storage.checkpoint import read_pending_commands

# Every process that runs turns reloads this often; a snapshot older than the second is reloaded before use.
REFRESH_SECONDS = 3.0
MAX_AGE_SECONDS = 8.0
# A page shows that a turn ended a moment before its row is stored; the next turn waits so long for the row.
PARENT_WAIT_SECONDS, PARENT_POLL_SECONDS = 3.0, 0.02


@dataclass(frozen=True, slots=True)
class SharedSnapshot:
    """What turns share: the models on offer, their ratings and paces, and the day's budget."""

    offer: tuple[LanguageModel, ...]
    ratings: ratings.RatingsByScope
    budget: TurnBudget
    paces: Paces


@dataclass(frozen=True, slots=True)
class TurnContext:
    """What a turn begins with: its question, the models on offer, the day's budget, and the topic."""

    question: Question
    offer: tuple[LanguageModel, ...]
    day: RoutingContext

    @property
    def budget(self) -> TurnBudget:
        """The day's funds and pacing."""
        return self.day.budget


@dataclass(frozen=True, slots=True)
class TurnSetup:
    """What a turn's panel is asked with."""

    context: TurnContext
    route: Route
    # What an earlier pass has finished.
    outcomes: Sequence[Outcome]
    # The models that may be asked in place of one that fails.
    fallback_models: Sequence[LanguageModel]


_KEY = "snapshot"
_cache: TTLCache[str, SharedSnapshot] = TTLCache(1, MAX_AGE_SECONDS)
_lock = Lock()


def find_snapshot() -> SharedSnapshot | None:
    """Return the snapshot in memory unless it is too old."""
    with _lock:
        return _cache.get(_KEY)


def load_snapshot() -> SharedSnapshot:
    """Read a new snapshot from the database and keep it in memory."""
    model_weights.refresh_weights()
    all_ratings = ratings.read_all_ratings()
    budget = budgets.read_budget(placements.read_income_today())
    snapshot = SharedSnapshot(tuple(list_offered_models()), all_ratings, budget, measure_paces())
    with _lock:
        _cache[_KEY] = snapshot
    return snapshot


def forget_snapshot(**_: object) -> None:
    """Read a new snapshot at the next use, as after an admin changed the listings."""
    with _lock:
        _cache.clear()
    ratings.forget_ratings()


def build_question(turn: Turn) -> Question:
    """Return a turn's question with the exchanges before it."""
    conversation = turn.conversation
    return Question(
        prompt=turn.prompt,
        language=turn.language,
        history=conversations.list_exchanges(turn),
        system_prompt=conversation.system_prompt,
        sampling=Sampling.from_json(conversation.sampling),
        person=find_person(conversation),
    )


def find_person(conversation: Conversation) -> Person:
    """Return who a conversation's turns wait for models as; one without an owner waits as nobody."""
    if not conversation.owner_id:
        return NOBODY
    is_program = conversation.origin == Conversation.Origin.API
    owner = conversation.owner
    return identify_person(owner.pk, is_guest=owner.is_guest, is_program=is_program)


def can_afford_model(turn: Turn, slug: str) -> bool:
    """Return whether the day's budget pays for one more call of a model; one not on offer costs nothing."""
    snapshot = find_snapshot() or load_snapshot()
    model = next((model for model in snapshot.offer if model.slug == slug), None)
    return model is None or can_afford_call(model, build_question(turn), snapshot.offer, snapshot.budget)


def build_context(turn: Turn, question: Question, snapshot: SharedSnapshot) -> TurnContext:
    """Return a turn's context; it queries nothing, because it may run on the event loop."""
    scoped_ratings = ratings.find_ratings(snapshot.ratings, turn.language)
    if turn.asked_panel:
        # A panel that a person chose needs no topic and no exploration, which would delay the first token.
        topic = TopicPrediction(OTHER, 0.0)
        offer = tuple(ratings.apply_ratings(snapshot.offer, scoped_ratings))
        return TurnContext(question, offer, RoutingContext(snapshot.budget, topic, paces=snapshot.paces))
    weights = get_active_weights().routing
    topic = classify_topic(turn.prompt, has_router=weights.router is not None)
    # What people prefer moves the prior; what was measured on labelled questions says more of such questions.
    offer = tuple(ratings.apply_ratings(snapshot.offer, scoped_ratings, topic.topic))
    if detect_answer_type(turn.prompt) or weights.router:
        offer = tuple(expect_quality(offer, weights, topic))
    explorer = ratings.build_explorer(
        offer, scoped_ratings, topic.topic, snapshot.budget.exploration_cap_micros
    )
    day = RoutingContext(snapshot.budget, topic, explorer, weights, snapshot.paces)
    return TurnContext(replace(question, topic=topic.topic), offer, day)


async def load_context(turn: Turn) -> TurnContext:
    """Return what a turn begins with, without a query where the process has it in memory."""
    snapshot = find_snapshot()
    # Without any model the snapshot is read anew: one may just have been switched on, or begun to answer.
    if snapshot is None or not snapshot.offer:
        snapshot = await retry_db(CLOSE_RETRY_SECONDS, load_snapshot)
    build = partial(build_question, turn)
    has_history = turn.parent_id is not None
    if has_history:
        await _wait_for_parent(turn)
    needs_query = has_history or not Conversation.owner.is_cached(turn.conversation)
    question = await retry_db(CLOSE_RETRY_SECONDS, build) if needs_query else build()
    if turn.asked_panel:
        return build_context(turn, question, snapshot)
    return await run_in_db_thread(build_context, turn, question, snapshot)


async def _wait_for_parent(turn: Turn) -> None:
    """Wait until the answer that a turn follows is stored, so that models get what its page shows."""
    is_stored = Turn.parent.is_cached(turn) and turn.parent and turn.parent.status != Turn.Status.RUNNING
    latest = time.monotonic() + PARENT_WAIT_SECONDS
    while not is_stored and turn.parent_id and time.monotonic() < latest:
        is_stored = not await retry_db(CLOSE_RETRY_SECONDS, partial(is_answer_pending, turn.parent_id))
        if not is_stored:
            await asyncio.sleep(PARENT_POLL_SECONDS)


async def load_run_context(run: TurnRun) -> TurnContext:
    """Return what a pass over a turn begins with, after counting the calls of earlier passes."""
    context = await load_context(run.turn)
    run.usage.record_past(run.state, context.offer, context.question)
    return context


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
    return RouteChosen(
        route.strategy,
        panel,
        route.reasons,
        plan.topic,
        plan.quality,
        plan.cost_micros,
        plan.expected_ms,
        plan.requested,
        plan.change,
    )
