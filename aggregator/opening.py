"""What a turn does before a model's first word: find what there is, judge the prompt, choose the panel."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import redis.asyncio as redis
from django.conf import settings

from aggregator.breaker import leave_out_resting
from aggregator.catalog import LanguageModel
from aggregator.events import PanelMember, RouteChosen
from aggregator.larder import Larder, ask_question, fetch_pantry, find_pantry, stock_larder
from aggregator.models import Conversation, Turn
from aggregator.off_loop import off_loop, outlast, think
from aggregator.pipeline.route import Limits, Wishes, plan_route
from aggregator.pipeline.shapes import Route
from aggregator.services import mark_sensitive
from aggregator.signs import Signs
from language.sensitivity import Sensitivity, judge_sensitivity
from language.sensitivity_head import CRISIS

JUDGING_WAITS_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class Opening:
    """What a turn begins with: its larder, and the models that neither rest nor wait."""

    larder: Larder
    well: tuple[LanguageModel, ...]


async def prepare_opening(turn: Turn, client: "redis.Redis", patience_s: float) -> Opening:
    """Find all that a turn begins with; the turn itself need not be stored yet."""
    larder = await open_larder(turn, patience_s)
    return Opening(larder, await leave_out_resting(client, larder.offer))


async def open_larder(turn: Turn, patience_s: float) -> Larder:
    """Find what there is to cook with, without a wait for the database where that can be."""
    pantry = find_pantry()
    # A model that was just switched on, or began to answer, is no reason to send the first person away.
    if pantry is None or not pantry.offer:
        pantry = await outlast(patience_s, fetch_pantry)
    ask = partial(ask_question, turn)
    question = ask() if turn.conversation.pk is None or turn.number == 1 else await outlast(patience_s, ask)
    if turn.asked_panel:
        return stock_larder(turn, question, pantry)
    return await off_loop(stock_larder, turn, question, pantry)


async def judge_in_time(turn: Turn, signs: Signs, patience_s: float) -> Sensitivity:
    """Judge a prompt in full, once its models were asked: the loop owes them its first milliseconds.

    A conversation that touches a crisis gets no ads from then on, whether or not a help line is due; where
    one is, whoever offers it remembers that.
    """
    await asyncio.sleep(JUDGING_WAITS_SECONDS)
    sensitivity = await think(judge_sensitivity, turn.prompt)
    if CRISIS in sensitivity.classes and not sensitivity.needs_help:
        await signs.await_storing()
        await outlast(patience_s, partial(mark_sensitive, conversation=turn.conversation))
    return sensitivity


def limits() -> Limits:
    """Return what the settings allow a route."""
    return Limits(
        settings.TURN_QUORUM, settings.TURN_GRACE_MS, settings.TURN_DEADLINE_MS, settings.PANEL_SIZE
    )


def choose_route(turn: Turn, opening: Opening) -> tuple[Route, Sequence[LanguageModel]]:
    """Choose a new turn's panel and strategy; also returns who was awake. Raises NoModelError."""
    larder, is_exact = opening.larder, turn.conversation.origin == Conversation.Origin.API
    # A program that names a model would not notice that another one answered.
    wishes = Wishes(turn.asked_strategy, tuple(turn.asked_panel), is_exact)
    # Whoever asks for a model by name gets it, well or not; which providers are paused is heard in any case.
    awake = larder.offer if wishes.panel else opening.well
    return plan_route(larder.question, awake, wishes=wishes, day=larder.day, limits=limits()), awake


def tell_choice(route: Route) -> RouteChosen:
    """Return the event that tells a new route."""
    plan = route.plan
    panel = tuple(
        PanelMember(seat.candidate, seat.model.slug, seat.model.name, seat.model.vendor)
        for seat in route.seats
    )
    return RouteChosen(route.strategy, panel, route.reasons, plan.topic, plan.quality, plan.cost_micros)
