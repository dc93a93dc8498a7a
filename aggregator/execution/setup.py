"""What a turn does before a model's first word: find what there is, judge the prompt, choose the panel."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import redis.asyncio as redis
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
from aggregator.execution.turn_control import TurnControl
from aggregator.infra.concurrency import retry_db, run_in_cpu_pool, run_in_db_thread
from aggregator.models import Conversation, Turn
from aggregator.pipeline.routing.route import RouteLimits, RoutePreferences, plan_route
from aggregator.pipeline.types import Route
from aggregator.resilience.breaker import filter_available
from aggregator.services.turns import mark_sensitive
from language.sensitivity import Sensitivity, judge_sensitivity
from language.sensitivity_head import CRISIS

SENSITIVITY_DELAY_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class TurnSetup:
    """What a turn begins with: its context, and the models that neither rest nor wait."""

    context: TurnContext
    available: tuple[LanguageModel, ...]


async def prepare_setup(turn: Turn, client: "redis.Redis", retry_seconds: float) -> TurnSetup:
    """Find all that a turn begins with; the turn itself need not be stored yet."""
    context = await load_context(turn, retry_seconds)
    return TurnSetup(context, await filter_available(client, context.offer))


async def load_context(turn: Turn, retry_seconds: float) -> TurnContext:
    """Find what there is to cook with, without a wait for the database where that can be."""
    snapshot = find_snapshot()
    # A model that was just switched on, or began to answer, is no reason to send the first person away.
    if snapshot is None or not snapshot.offer:
        snapshot = await retry_db(retry_seconds, load_snapshot)
    ask = partial(build_question, turn)
    question = (
        ask() if turn.conversation.pk is None or turn.number == 1 else await retry_db(retry_seconds, ask)
    )
    if turn.asked_panel:
        return build_context(turn, question, snapshot)
    return await run_in_db_thread(build_context, turn, question, snapshot)


async def judge_after_start(turn: Turn, control: TurnControl, retry_seconds: float) -> Sensitivity:
    """Judge a prompt in full, once its models were asked: the loop owes them its first milliseconds.

    A conversation that touches a crisis gets no ads from then on, whether or not a help line is due; where
    one is, whoever offers it remembers that.
    """
    await asyncio.sleep(SENSITIVITY_DELAY_SECONDS)
    sensitivity = await run_in_cpu_pool(judge_sensitivity, turn.prompt)
    if CRISIS in sensitivity.classes and not sensitivity.needs_help:
        await control.wait_until_stored()
        await retry_db(retry_seconds, partial(mark_sensitive, conversation=turn.conversation))
    return sensitivity


def read_route_limits() -> RouteLimits:
    """Return what the settings allow a route."""
    return RouteLimits(
        settings.TURN_QUORUM, settings.TURN_GRACE_MS, settings.TURN_DEADLINE_MS, settings.PANEL_SIZE
    )


def choose_route(turn: Turn, setup: TurnSetup) -> tuple[Route, Sequence[LanguageModel]]:
    """Choose a new turn's panel and strategy; also returns who was available. Raises NoModelError."""
    context, is_exact = setup.context, turn.conversation.origin == Conversation.Origin.API
    # A program that names a model would not notice that another one answered.
    preferences = RoutePreferences(turn.asked_strategy, tuple(turn.asked_panel), is_exact)
    # A model asked for by name is kept even while its circuit breaker is open; pauses are read anyway.
    available = context.offer if preferences.panel else setup.available
    return plan_route(
        context.question, available, preferences=preferences, day=context.day, limits=read_route_limits()
    ), available


def build_new_route_event(route: Route) -> RouteChosen:
    """Return the event that tells a new route."""
    plan = route.plan
    panel = tuple(
        PanelMember(slot.candidate, slot.model.slug, slot.model.name, slot.model.vendor)
        for slot in route.slots
    )
    return RouteChosen(route.strategy, panel, route.reasons, plan.topic, plan.quality, plan.cost_micros)
