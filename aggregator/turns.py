"""The story of a turn, top to bottom, and the only place that knows its order."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.conf import settings

from aggregator import events, keeping, kitchen, placements, selectors, services
from aggregator.catalog import LanguageModel
from aggregator.help import help_text
from aggregator.journal import Journal
from aggregator.listings import offered_models
from aggregator.models import Candidate, Conversation, Turn
from aggregator.pipeline.budget import Pool, allow
from aggregator.pipeline.fan_out import Outcome, Panel, fan_out
from aggregator.pipeline.fuse import Fusion, choose_fuser, fuse
from aggregator.pipeline.lead import choose_leader
from aggregator.pipeline.rank import rank
from aggregator.pipeline.resume import resume_route
from aggregator.pipeline.route import Limits, NoModelError, Wishes, plan_route
from aggregator.pipeline.shapes import Emit, Question, Ranking, Route
from language.sensitivity import Sensitivity, judge_sensitivity

KEEP_SECONDS = 4
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Larder:
    """What a turn finds when it begins: the question, the models on offer, the day's pool."""

    question: Question
    offer: tuple[LanguageModel, ...]
    pool: Pool


def _gather(turn: Turn) -> Larder:
    kitchen.refresh_heads()
    conversation = turn.conversation
    question = Question(
        prompt=turn.prompt,
        language=turn.language,
        history=selectors.list_exchanges(conversation, turn),
        system_prompt=conversation.system_prompt,
    )
    pool = Pool(
        income_micros=placements.income_of_the_day(),
        subsidy_micros=settings.DAILY_SUBSIDY_WON * 1_000_000,
        spent_micros=selectors.spent_today(),
    )
    return Larder(question, tuple(offered_models()), pool)


async def off_loop(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run database work on a thread of its own, never on Django's single "thread sensitive" one."""
    reached: T = await database_sync_to_async(function, thread_sensitive=False)(*arguments, **options)
    return reached


async def answer_turn(turn: Turn, journal: Journal, stop: asyncio.Event) -> None:
    """Budget, route, fan out, rank, fuse, keep, then offer a placement."""
    await _Run(turn, journal, stop).answer()


@dataclass(slots=True)
class _Run:
    """One pass over a turn."""

    turn: Turn
    journal: Journal
    stop: asyncio.Event
    started: float = field(default_factory=time.monotonic)
    calls: list[keeping.CallMade] = field(default_factory=list)

    async def answer(self) -> None:
        """Go through the stages in order; what an earlier pass has done is not done again."""
        turn, state = self.turn, self.journal.state
        if turn.stop_asked_at:
            self.stop.set()
        sensitivity = await asyncio.to_thread(judge_sensitivity, turn.prompt)
        if state.status == "running" or state.attempt < turn.attempt:
            conversation = str(turn.conversation.public_id)
            await self.emit(events.TurnOpened(conversation, str(turn.public_id), turn.prompt, turn.attempt))
            keeper = asyncio.create_task(self._keep_often())
            try:
                error = await self._cook(sensitivity)
            finally:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)
            await self.emit(self._closing(error))
        seq = await self.journal.flush()
        await off_loop(keeping.close_turn, turn=turn, state=state, seq=seq, calls=tuple(self.calls))
        await self._place(sensitivity)

    async def emit(self, event: events.Event) -> None:
        """Tell an event, and who leads because of it."""
        await self.journal.emit(event)

    async def _cook(self, sensitivity: Sensitivity) -> str:
        """Answer the prompt and return '' or the code of what went wrong."""
        if sensitivity.needs_help:
            return await self._offer_help()
        larder = await off_loop(_gather, self.turn)
        question = larder.question
        try:
            route, kept = await self._route(larder)
        except NoModelError as refusal:
            return refusal.code
        async with fan_out(route, question, emit=self._leading(route), stop=self.stop, kept=kept) as panel:
            await panel.reach_quorum()
            ranking = await self._rank(question, panel)
            fusion = await self._fuse(question, ranking, panel)
            await panel.complete()
        self.calls += [
            keeping.call_made(
                "candidate",
                outcome.seat.model,
                outcome.call_id,
                outcome.usage,
                outcome.cost_micros,
                outcome.seat.candidate,
            )
            # Those of an earlier pass too: a call is kept once under its id, whoever lived to keep it.
            for outcome in panel.outcomes
        ]
        if ranking is None or len(panel.usable) > len(ranking.standings):
            ranking = await self._rank(question, panel)
        return await self._settle(panel, ranking, fusion)

    async def _offer_help(self) -> str:
        await off_loop(services.mark_sensitive, conversation=self.turn.conversation)
        self.turn.conversation.is_sensitive = True
        await self.emit(events.RouteChosen("single", (), ("crisis",)))
        await self.emit(events.AnswerFinished("help", text=help_text(self.turn.language)))
        return ""

    async def _route(self, larder: Larder) -> tuple[Route, list[Outcome]]:
        limits = Limits(settings.TURN_QUORUM, settings.TURN_GRACE_MS, settings.TURN_DEADLINE_MS)
        state = self.journal.state
        if state.candidates:
            waiting = {
                str(row.public_id)
                for row in self.turn.candidates.all()
                if row.status == Candidate.Status.WAITING
            }
            return resume_route(state, larder.offer, limits=limits, again=waiting)
        wishes = Wishes(self.turn.strategy, tuple(self.turn.asked_panel))
        route = plan_route(
            larder.question, larder.offer, wishes=wishes, allowance=allow(larder.pool), limits=limits
        )
        panel = tuple(
            events.PanelMember(seat.candidate, seat.model.slug, seat.model.name, seat.model.vendor)
            for seat in route.seats
        )
        await self.emit(events.RouteChosen(route.strategy, panel, route.reasons))
        return route, []

    def _leading(self, route: Route) -> Emit:
        standings = {seat.candidate: seat.model.standing for seat in route.seats}

        async def emit(event: events.Event) -> None:
            await self.emit(event)
            leader = choose_leader(self.journal.state, standings)
            if leader and leader != self.journal.state.leader and self.journal.state.ranking is None:
                await self.emit(events.LeaderChanged(leader))

        return emit

    async def _rank(self, question: Question, panel: Panel) -> Ranking | None:
        drafts = [outcome.as_draft() for outcome in panel.usable]
        if not drafts:
            return None
        ranking = await asyncio.to_thread(rank, question, drafts)
        await self.emit(
            events.RankingMade(
                ranking.standings,
                ranking.agreeing,
                ranking.compared,
                ranking.confidence,
                provisional=not panel.is_complete,
            )
        )
        best = ranking.standings[0].candidate
        if best != self.journal.state.leader:
            await self.emit(events.LeaderChanged(best))
        return ranking

    async def _fuse(self, question: Question, ranking: Ranking | None, panel: Panel) -> Fusion | None:
        fuser = choose_fuser(question, panel.usable)
        is_wanted = panel.route.strategy == Turn.Strategy.COUNCIL and len(panel.usable) > 1
        if not is_wanted or fuser is None or ranking is None or self.stop.is_set():
            return None
        fusion = await fuse(question, ranking, panel.usable, fuser=fuser, emit=self.emit)
        self.calls.append(keeping.call_made("fuse", fuser, fusion.call_id, fusion.usage, fusion.cost_micros))
        return fusion

    async def _settle(self, panel: Panel, ranking: Ranking | None, fusion: Fusion | None) -> str:
        """Tell which answer stands; '' or the code of why none does."""
        if fusion and not fusion.error:
            await self.emit(events.AnswerFinished("fused", cost_micros=fusion.cost_micros))
            return ""
        if ranking is None:
            partial = max(panel.outcomes, key=lambda outcome: len(outcome.text), default=None)
            if self.stop.is_set() and partial and partial.text:
                await self.emit(events.AnswerFinished("single", partial.seat.candidate))
                return ""
            return "stopped" if self.stop.is_set() else "all_failed"
        best = ranking.standings[0].candidate
        await self.emit(events.AnswerFinished(_kind_of(panel, ranking), best))
        return ""

    def _closing(self, error: str) -> events.TurnClosed:
        status = "stopped" if self.stop.is_set() else "failed" if error else "done"
        return events.TurnClosed(
            status=status,
            error="" if status == "stopped" else error,
            duration_ms=round((time.monotonic() - self.started) * 1000),
            cost_micros=sum(call.cost_micros for call in self.calls),
            title=self.turn.conversation.title,
        )

    async def _keep_often(self) -> None:
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            seq = await self.journal.flush()
            await off_loop(keeping.keep_progress, turn=self.turn, state=self.journal.state, seq=seq)

    async def _place(self, sensitivity: Sensitivity) -> None:
        has_page = self.turn.conversation.origin == Conversation.Origin.PAGE
        if self.journal.state.status != "done" or not has_page:
            return
        placement = await placements.ad_for(self.turn, sensitivity)
        await self.emit(placement)
        seq = await self.journal.flush()
        await off_loop(keeping.keep_placement, turn=self.turn, placement=placement, seq=seq)


def _kind_of(panel: Panel, ranking: Ranking) -> str:
    if len(panel.route.seats) == 1:
        return "single"
    if len(panel.usable) == 1:
        return "lone"
    is_vote = panel.route.strategy == Turn.Strategy.VOTE and ranking.agreeing > 1
    return "vote" if is_vote else "best"
