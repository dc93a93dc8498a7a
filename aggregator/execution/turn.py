"""The story of a turn, top to bottom, and the only place that knows its order."""

import asyncio
import contextlib
import logging
import time
import uuid
from dataclasses import asdict, dataclass, field, replace
from functools import partial

from django.db import DatabaseError, InterfaceError, OperationalError

from aggregator import placements
from aggregator.catalog.catalog import LanguageModel
from aggregator.domain import events
from aggregator.domain.crisis_help import crisis_help_text
from aggregator.domain.snapshot import build_route_event
from aggregator.execution.fusion import build_fusion_request, record_unlogged_calls, write_answer
from aggregator.execution.select_answer import select_answer
from aggregator.execution.setup import (
    TurnSetup,
    build_new_route_event,
    choose_route,
    judge_after_start,
    load_context,
    prepare_setup,
    read_route_limits,
)
from aggregator.execution.turn_context import TurnContext
from aggregator.execution.turn_control import TurnControl
from aggregator.infra import metrics
from aggregator.infra.concurrency import retry_db, retry_db_async, run_in_cpu_pool, run_in_db_thread
from aggregator.infra.flush_scheduler import get_flush_scheduler
from aggregator.models import Candidate, Conversation, Turn
from aggregator.pipeline.fusion.fuse import Fusion
from aggregator.pipeline.fusion.resume import resume_route
from aggregator.pipeline.panel.fan_out import Outcome, Panel, fan_out
from aggregator.pipeline.panel.provisional_answer import choose_leader
from aggregator.pipeline.ranking.disagreements import find_claims
from aggregator.pipeline.ranking.rank_stability import rank_stably
from aggregator.pipeline.routing.fallback import choose_fallback
from aggregator.pipeline.routing.route import NoModelError, choose_escalation, is_budget_limited
from aggregator.pipeline.types import PanelSlot, Question, Ranking, Route
from aggregator.resilience.breaker import record_call_results
from aggregator.selectors import conversations
from aggregator.services import turns
from aggregator.storage import checkpoint
from aggregator.storage.usage import ProviderCall, UsageRecorder
from aggregator.streaming.event_writer import EventWriter
from language.sensitivity import Sensitivity, is_explicit_crisis

logger = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 6
# A turn's rows are worth more than a database's longest restart.
CLOSE_RETRY_SECONDS = 600


async def answer_turn(turn: Turn, writer: EventWriter, control: TurnControl) -> None:
    """Budget, route, fan out, rank, fuse, keep, then offer a placement.

    All is made ready while a draft is being stored, but no model hears of it before there is room for it.
    """
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_TurnRun(turn, writer, control).answer())
        if not await control.is_stored():
            running.cancel()


@dataclass(slots=True)
class _TurnRun:
    """One pass over a turn."""

    turn: Turn
    writer: EventWriter
    control: TurnControl
    panel: Panel | None = None
    context: TurnContext | None = None
    offer: tuple[LanguageModel, ...] = ()
    standings: dict[str, float] = field(default_factory=dict)
    call_results: list[tuple[str, str]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    usage: UsageRecorder = field(default_factory=UsageRecorder)
    has_earlier_pass: bool = False
    read_chars: int = 0
    is_crisis: bool = False

    async def answer(self) -> None:
        """Go through the stages in order; what an earlier pass has done is not done again."""
        turn = self.turn
        if turn.stop_asked_at:
            self.control.stop.set()
        # Of a turn that nobody has begun before nothing is booked.
        self.has_earlier_pass = turn.attempt > 1 or bool(self.writer.state.turn)
        judging = asyncio.create_task(judge_after_start(turn, self.control, CLOSE_RETRY_SECONDS))
        try:
            await self._answer(judging)
        except BaseException:
            await record_unlogged_calls(self.usage, self.turn)
            raise
        finally:
            judging.cancel()

    async def _answer(self, judging: asyncio.Task[Sensitivity]) -> None:
        turn, state = self.turn, self.writer.state
        if state.status == "running" or state.attempt < turn.attempt:
            conversation = str(turn.conversation.public_id)
            await self.emit(events.TurnOpened(conversation, str(turn.public_id), turn.prompt, turn.attempt))
            # Whoever keeps also hears of a stop: a turn that nobody keeps must not go on.
            async with asyncio.TaskGroup() as group:
                keeper = group.create_task(self._checkpoint_often())
                error = await self._answer_prompt(judging)
                keeper.cancel()
            await self.emit(await self._build_closed_event(error))
            metrics.record_turn(state)
        else:
            self._record_past_calls(await load_context(turn, CLOSE_RETRY_SECONDS))
        await self.control.wait_until_stored()
        seq = await self.writer.flush()
        await get_flush_scheduler().yield_when_busy()
        keep = partial(checkpoint.close_turn, turn=turn, state=state, seq=seq, calls=self._calls_made())
        self.control.must_recheck |= await retry_db_async(CLOSE_RETRY_SECONDS, keep)
        await record_call_results(self.writer.log.client, self.call_results)
        await self._place_ad(await judging)

    async def emit(self, event: events.Event) -> None:
        """Tell an event, and who leads because of it."""
        await self.writer.emit(event)

    async def _answer_prompt(self, judging: asyncio.Task[Sensitivity]) -> str:
        """Answer the prompt and return '' or the code of what went wrong."""
        if is_explicit_crisis(self.turn.prompt):
            return await self._offer_help()
        setup = await prepare_setup(self.turn, self.writer.log.client, CLOSE_RETRY_SECONDS)
        self.context, self.offer = setup.context, setup.context.offer
        self._record_past_calls(self.context)
        if self.writer.state.answer_is_finished:
            return ""
        try:
            route, kept = await self._route(setup)
        except NoModelError as refusal:
            return refusal.code
        self.standings = {slot.candidate: slot.model.standing for slot in route.slots}
        return await self._ask_panel(setup.context, route, kept, judging)

    async def _ask_panel(
        self, context: TurnContext, route: Route, kept: list[Outcome], judging: asyncio.Task[Sensitivity]
    ) -> str:
        question = context.question
        stop, gate = self.control.stop, self.control.wait_until_admitted
        async with fan_out(
            route, question, emit=self._on_panel_event, stop=stop, kept=kept, gate=gate
        ) as panel:
            self.panel = panel
            judging.add_done_callback(self._on_sensitivity)
            await panel.wait_for_quorum()
            ranking = await self._rank(question, panel)
            await self._escalate(context, ranking, panel)
            fusion = await self._fuse(question, ranking, panel)
            await panel.complete()
            self.panel = None
        self.usage.record_candidates(panel.outcomes)
        if (await judging).needs_help:
            return await self._offer_help()
        self.call_results = [(outcome.slot.model.slug, outcome.error) for outcome in panel.outcomes]
        if ranking is None or len(panel.usable) > len(ranking.standings):
            ranking = await self._rank(question, panel)
        is_stopped = self.control.stop.is_set()
        return await select_answer(panel, ranking, fusion, emit=self.emit, is_stopped=is_stopped)

    def _on_sensitivity(self, judging: asyncio.Task[Sensitivity]) -> None:
        if not judging.cancelled() and judging.result().needs_help:
            self.is_crisis = True
            self.control.stop.set()

    def _record_past_calls(self, context: TurnContext) -> None:
        """Count what an earlier pass asked for; a call that is kept already is not kept twice."""
        self.usage.record_past(self.writer.state, context.offer, context.question)

    def _calls_made(self) -> tuple[ProviderCall, ...]:
        if self.panel:
            self.usage.record_candidates(self.panel.outcomes)
        return self.usage.made

    async def _offer_help(self) -> str:
        await self.control.wait_until_stored()
        await run_in_db_thread(turns.mark_sensitive, conversation=self.turn.conversation)
        self.turn.conversation.is_sensitive = True
        self.turn.route = {}
        await self.emit(events.RouteChosen("single", (), ("crisis",)))
        await self.emit(events.AnswerFinished("help", text=crisis_help_text(self.turn.language)))
        return ""

    async def _route(self, setup: TurnSetup) -> tuple[Route, list[Outcome]]:
        if (state := self.writer.state).candidates:
            asked = await retry_db_async(
                CLOSE_RETRY_SECONDS, partial(checkpoint.read_pending_commands, turn=self.turn, state=state)
            )
            added = [row for row in asked.candidates if str(row.public_id) not in state.candidates]
            if added:
                await self._add_to_panel(added)
            again = {str(row.public_id) for row in asked.candidates}
            return resume_route(state, setup.context.offer, limits=read_route_limits(), again=again)
        route, available = choose_route(self.turn, setup)
        self.context = replace(setup.context, offer=tuple(available))
        self.turn.route = asdict(route.plan)
        await self.emit(build_new_route_event(route))
        return route, []

    async def _add_to_panel(self, rows: list[Candidate]) -> None:
        """Tell of slots that were added to the panel."""
        added = [
            events.PanelMember(str(row.public_id), row.model, row.model_name, row.vendor) for row in rows
        ]
        await self.emit(build_route_event(self.writer.state, added))

    async def _escalate(self, context: TurnContext, ranking: Ranking | None, panel: Panel) -> None:
        """Ask a stronger model too where the vote is not sure enough, and wait for it to be counted in."""
        if ranking is None or self.control.stop.is_set() or len(panel.usable) < 2:
            return
        model = choose_escalation(context.question, context.offer, panel.route, ranking, context.budget)
        if model is None:
            return
        await self._ask_extra_model(model, panel, reason="escalated")
        await panel.complete()

    async def _ask_fallback(self, failed: events.CandidateFinished) -> None:
        """Ask another model in the place of one that broke, as long as that keeps nobody waiting."""
        panel, context, state = self.panel, self.context, self.writer.state
        if panel is None or context is None or self.control.stop.is_set() or not panel.has_time_for_another:
            return
        if spare := choose_fallback(failed, state, context.question, context.offer, context.budget):
            await self._ask_extra_model(spare, panel, broken=failed.candidate)

    async def _ask_extra_model(
        self, model: LanguageModel, panel: Panel, reason: str = "", broken: str = ""
    ) -> None:
        """Ask one more model while the others go on."""
        slot = PanelSlot(str(uuid.uuid4()), model)
        member = events.PanelMember(slot.candidate, model.slug, model.name, model.vendor, broken)
        told = build_route_event(self.writer.state, [member])
        await self.emit(replace(told, reasons=(*told.reasons, *filter(None, [reason]))))
        self.standings[slot.candidate] = model.standing
        panel.ask(slot)

    async def _apply_commands(self, asked: checkpoint.PendingCommands) -> None:
        """Do what was asked while the turn runs; what comes too late is found when the turn is closed."""
        if asked.stop:
            self.control.stop.set()
        by_slug = {model.slug: model for model in self.offer}
        for row in asked.candidates:
            candidate, model = str(row.public_id), by_slug.get(row.model)
            if self.panel is None or model is None or self.control.stop.is_set():
                return
            if candidate not in self.writer.state.candidates:
                await self._add_to_panel([row])
            self.standings[candidate] = model.standing
            self.usage.record_candidates(self.panel.outcomes)
            self.panel.ask(
                PanelSlot(candidate, model, row.attempt, self.writer.state.candidates[candidate].text)
            )

    async def _on_panel_event(self, event: events.Event) -> None:
        """Tell an event of the panel, and who leads because of it."""
        await self.emit(event)
        # Further text changes nobody's place: what counts is who speaks, and who has ended.
        if isinstance(event, events.CandidateDelta) and event.ttft_ms is None:
            return
        state = self.writer.state
        if isinstance(event, events.CandidateFinished):
            metrics.record_candidate(state.candidates[event.candidate])
            if event.status == "failed":
                # Whoever wants it asked again must find it kept.
                self.control.wakeup.set()
                await self._ask_fallback(event)
        leader = choose_leader(state, self.standings)
        if leader and leader != state.leader and state.ranking is None:
            await self.emit(events.LeaderChanged(leader))

    async def _rank(self, question: Question, panel: Panel) -> Ranking | None:
        drafts = [outcome.as_draft() for outcome in panel.usable]
        if not drafts:
            return None
        # The words of others go first, whose readers see each that is late.
        await get_flush_scheduler().yield_when_busy()
        shown = self.writer.state.ranking
        order = [row.candidate for row in shown.standings] if shown else []
        ranking = await run_in_cpu_pool(rank_stably, question, drafts, order, self.read_chars)
        self.read_chars = sum(len(draft.text) for draft in drafts)
        await self.emit(
            events.RankingMade(
                ranking.standings,
                ranking.agreeing,
                ranking.compared,
                ranking.confidence,
                provisional=not panel.is_complete,
            )
        )
        if (best := ranking.standings[0].candidate) != self.writer.state.leader:
            await self.emit(events.LeaderChanged(best))
        # A judge's map says more than one made of letters.
        is_judged = any(call.purpose == "judge" for call in self.usage.unlogged)
        if (
            not is_judged
            and (claims := await run_in_cpu_pool(find_claims, drafts)) != self.writer.state.claims
        ):
            await self.emit(events.ClaimsMapped(claims))
        return ranking

    async def _fuse(self, question: Question, ranking: Ranking | None, panel: Panel) -> Fusion | None:
        fusion_request = build_fusion_request(question, ranking, panel, self.writer.state)
        stop, with_judge = self.control.stop, not is_budget_limited(panel.route)
        if fusion_request is None or stop.is_set():
            return None
        return await write_answer(
            fusion_request, turn=self.turn, usage=self.usage, emit=self.emit, stop=stop, with_judge=with_judge
        )

    async def _build_closed_event(self, error: str) -> events.TurnClosed:
        is_stopped = self.control.stop.is_set() and not self.is_crisis
        status = "stopped" if is_stopped else "failed" if error else "done"
        took_ms = round((time.monotonic() - self.started) * 1000)
        kept = {}
        if self.has_earlier_pass:
            kept = await retry_db(CLOSE_RETRY_SECONDS, partial(conversations.costs_of, self.turn))
        cost, title = self.usage.cost_micros(kept), self.turn.conversation.title
        return events.TurnClosed(status, "" if is_stopped else error, took_ms, cost, title)

    async def _checkpoint_often(self) -> None:
        """Keep what there is every few seconds, at once when nudged, and hear what was asked meanwhile."""
        await self.control.wait_until_stored()
        while True:
            # Not wait_for, which in Python 3.11 can lose the cancellation that ends this task.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECKPOINT_SECONDS):
                    await self.control.wakeup.wait()
            if not self.control.wakeup.is_set():
                await get_flush_scheduler().yield_when_busy()
            self.control.wakeup.clear()
            seq = await self.writer.flush()
            state, calls = self.writer.state, self._calls_made()
            keep = checkpoint.save_checkpoint(turn=self.turn, state=state, seq=seq, calls=calls)
            try:
                asked = await keep
            except (OperationalError, InterfaceError):
                # A database that restarts is tried again at the next round; closing the turn waits for it.
                continue
            except DatabaseError:
                logger.exception("turn %s: not kept, trying again", self.turn.public_id)
                continue
            await self._apply_commands(asked)

    async def _place_ad(self, sensitivity: Sensitivity) -> None:
        if self.writer.state.status != "done" or self.turn.conversation.origin != Conversation.Origin.PAGE:
            return
        await get_flush_scheduler().yield_when_busy()
        placement = await placements.request_placement(self.turn, sensitivity)
        await self.emit(placement)
        seq = await self.writer.flush()
        keep = partial(checkpoint.save_placement, turn=self.turn, placement=placement, seq=seq)
        self.control.must_recheck |= await retry_db_async(CLOSE_RETRY_SECONDS, keep)
