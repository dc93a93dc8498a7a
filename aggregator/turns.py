"""The story of a turn, top to bottom, and the only place that knows its order."""

import asyncio
import contextlib
import logging
import time
import uuid
from dataclasses import asdict, dataclass, field, replace
from functools import partial

from django.db import DatabaseError, InterfaceError, OperationalError

from aggregator import events, keeping, metrics, placements, selectors, services
from aggregator.breaker import note_endings
from aggregator.calls import Bill, CallMade
from aggregator.catalog import LanguageModel
from aggregator.fusing import book_untold, open_sheet, write_answer
from aggregator.help import help_text
from aggregator.journal import Journal
from aggregator.larder import Larder
from aggregator.models import Candidate, Conversation, Turn
from aggregator.off_loop import off_loop, outlast, outlast_here, think
from aggregator.opening import (
    Opening,
    choose_route,
    judge_in_time,
    limits,
    open_larder,
    prepare_opening,
    tell_choice,
)
from aggregator.pipeline.disagreements import find_claims
from aggregator.pipeline.fan_out import Outcome, Panel, fan_out
from aggregator.pipeline.fuse import Fusion
from aggregator.pipeline.lead import choose_leader
from aggregator.pipeline.order import rank_steadily
from aggregator.pipeline.resume import resume_route
from aggregator.pipeline.route import NoModelError, choose_strong, is_short_of_money
from aggregator.pipeline.shapes import Question, Ranking, Route, Seat
from aggregator.pipeline.stand_in import choose_stand_in
from aggregator.retelling import tell_route
from aggregator.settling import settle
from aggregator.signs import Signs
from aggregator.ticker import shared_ticker
from language.sensitivity import Sensitivity, names_crisis

logger = logging.getLogger(__name__)

KEEP_SECONDS = 6
# A turn's rows are worth more than a database's longest restart.
CLOSE_SECONDS = 600


async def answer_turn(turn: Turn, journal: Journal, signs: Signs) -> None:
    """Budget, route, fan out, rank, fuse, keep, then offer a placement.

    All is made ready while a draft is being stored, but no model hears of it before there is room for it.
    """
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_Run(turn, journal, signs).answer())
        if not await signs.is_stored():
            running.cancel()


@dataclass(slots=True)
class _Run:
    """One pass over a turn."""

    turn: Turn
    journal: Journal
    signs: Signs
    panel: Panel | None = None
    larder: Larder | None = None
    offer: tuple[LanguageModel, ...] = ()
    standings: dict[str, float] = field(default_factory=dict)
    endings: list[tuple[str, str]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    bill: Bill = field(default_factory=Bill)
    is_again: bool = False
    read_chars: int = 0
    is_crisis: bool = False

    async def answer(self) -> None:
        """Go through the stages in order; what an earlier pass has done is not done again."""
        turn = self.turn
        if turn.stop_asked_at:
            self.signs.stop.set()
        # Of a turn that nobody has begun before nothing is booked.
        self.is_again = turn.attempt > 1 or bool(self.journal.state.turn)
        judging = asyncio.create_task(judge_in_time(turn, self.signs, CLOSE_SECONDS))
        try:
            await self._answer(judging)
        except BaseException:
            await book_untold(self.bill, self.turn)
            raise
        finally:
            judging.cancel()

    async def _answer(self, judging: asyncio.Task[Sensitivity]) -> None:
        turn, state = self.turn, self.journal.state
        if state.status == "running" or state.attempt < turn.attempt:
            conversation = str(turn.conversation.public_id)
            await self.emit(events.TurnOpened(conversation, str(turn.public_id), turn.prompt, turn.attempt))
            # Whoever keeps also hears of a stop: a turn that nobody keeps must not go on.
            async with asyncio.TaskGroup() as group:
                keeper = group.create_task(self._keep_often())
                error = await self._cook(judging)
                keeper.cancel()
            await self.emit(await self._closing(error))
            metrics.note_turn(state)
        else:
            self._note_past_calls(await open_larder(turn, CLOSE_SECONDS))
        await self.signs.await_storing()
        seq = await self.journal.flush()
        await shared_ticker().lull()
        keep = partial(keeping.close_turn, turn=turn, state=state, seq=seq, calls=self._calls_made())
        self.signs.is_wanted |= await outlast_here(CLOSE_SECONDS, keep)
        await note_endings(self.journal.log.client, self.endings)
        await self._place(await judging)

    async def emit(self, event: events.Event) -> None:
        """Tell an event, and who leads because of it."""
        await self.journal.emit(event)

    async def _cook(self, judging: asyncio.Task[Sensitivity]) -> str:
        """Answer the prompt and return '' or the code of what went wrong."""
        if names_crisis(self.turn.prompt):
            return await self._offer_help()
        opening = await prepare_opening(self.turn, self.journal.log.client, CLOSE_SECONDS)
        self.larder, self.offer = opening.larder, opening.larder.offer
        self._note_past_calls(self.larder)
        if self.journal.state.answer_is_finished:
            return ""
        try:
            route, kept = await self._route(opening)
        except NoModelError as refusal:
            return refusal.code
        self.standings = {seat.candidate: seat.model.standing for seat in route.seats}
        return await self._ask_panel(opening.larder, route, kept, judging)

    async def _ask_panel(
        self, larder: Larder, route: Route, kept: list[Outcome], judging: asyncio.Task[Sensitivity]
    ) -> str:
        question = larder.question
        stop, gate = self.signs.stop, self.signs.await_room
        async with fan_out(route, question, emit=self._lead, stop=stop, kept=kept, gate=gate) as panel:
            self.panel = panel
            judging.add_done_callback(self._heed)
            await panel.reach_quorum()
            ranking = await self._rank(question, panel)
            await self._escalate(larder, ranking, panel)
            fusion = await self._fuse(question, ranking, panel)
            await panel.complete()
            self.panel = None
        self.bill.note(panel.outcomes)
        if (await judging).needs_help:
            return await self._offer_help()
        self.endings = [(outcome.seat.model.slug, outcome.error) for outcome in panel.outcomes]
        if ranking is None or len(panel.usable) > len(ranking.standings):
            ranking = await self._rank(question, panel)
        is_stopped = self.signs.stop.is_set()
        return await settle(panel, ranking, fusion, emit=self.emit, is_stopped=is_stopped)

    def _heed(self, judging: asyncio.Task[Sensitivity]) -> None:
        if not judging.cancelled() and judging.result().needs_help:
            self.is_crisis = True
            self.signs.stop.set()

    def _note_past_calls(self, larder: Larder) -> None:
        """Count what an earlier pass asked for; a call that is kept already is not kept twice."""
        self.bill.note_past(self.journal.state, larder.offer, larder.question)

    def _calls_made(self) -> tuple[CallMade, ...]:
        if self.panel:
            self.bill.note(self.panel.outcomes)
        return self.bill.made

    async def _offer_help(self) -> str:
        await self.signs.await_storing()
        await off_loop(services.mark_sensitive, conversation=self.turn.conversation)
        self.turn.conversation.is_sensitive = True
        self.turn.route = {}
        await self.emit(events.RouteChosen("single", (), ("crisis",)))
        await self.emit(events.AnswerFinished("help", text=help_text(self.turn.language)))
        return ""

    async def _route(self, opening: Opening) -> tuple[Route, list[Outcome]]:
        if (state := self.journal.state).candidates:
            asked = await outlast_here(
                CLOSE_SECONDS, partial(keeping.read_asked, turn=self.turn, state=state)
            )
            added = [row for row in asked.candidates if str(row.public_id) not in state.candidates]
            if added:
                await self._widen(added)
            again = {str(row.public_id) for row in asked.candidates}
            return resume_route(state, opening.larder.offer, limits=limits(), again=again)
        route, awake = choose_route(self.turn, opening)
        self.larder = replace(opening.larder, offer=tuple(awake))
        self.turn.route = asdict(route.plan)
        await self.emit(tell_choice(route))
        return route, []

    async def _widen(self, rows: list[Candidate]) -> None:
        """Tell of seats that were added to the panel."""
        added = [
            events.PanelMember(str(row.public_id), row.model, row.model_name, row.vendor) for row in rows
        ]
        await self.emit(tell_route(self.journal.state, added))

    async def _escalate(self, larder: Larder, ranking: Ranking | None, panel: Panel) -> None:
        """Ask a stronger model too where the vote is not sure enough, and wait for it to be counted in."""
        if ranking is None or self.signs.stop.is_set() or len(panel.usable) < 2:
            return
        model = choose_strong(larder.question, larder.offer, panel.route, ranking, larder.purse)
        if model is None:
            return
        await self._seat(model, panel, reason="escalated")
        await panel.complete()

    async def _fall_over(self, failed: events.CandidateFinished) -> None:
        """Ask another model in the place of one that broke, as long as that keeps nobody waiting."""
        panel, larder, state = self.panel, self.larder, self.journal.state
        if panel is None or larder is None or self.signs.stop.is_set() or not panel.has_time:
            return
        if spare := choose_stand_in(failed, state, larder.question, larder.offer, larder.purse):
            await self._seat(spare, panel, broken=failed.candidate)

    async def _seat(self, model: LanguageModel, panel: Panel, reason: str = "", broken: str = "") -> None:
        """Ask one more model while the others go on."""
        seat = Seat(str(uuid.uuid4()), model)
        member = events.PanelMember(seat.candidate, model.slug, model.name, model.vendor, broken)
        told = tell_route(self.journal.state, [member])
        await self.emit(replace(told, reasons=(*told.reasons, *filter(None, [reason]))))
        self.standings[seat.candidate] = model.standing
        panel.ask(seat)

    async def _grant(self, asked: keeping.Asked) -> None:
        """Do what was asked while the turn runs; what comes too late is found when the turn is closed."""
        if asked.stop:
            self.signs.stop.set()
        by_slug = {model.slug: model for model in self.offer}
        for row in asked.candidates:
            candidate, model = str(row.public_id), by_slug.get(row.model)
            if self.panel is None or model is None or self.signs.stop.is_set():
                return
            if candidate not in self.journal.state.candidates:
                await self._widen([row])
            self.standings[candidate] = model.standing
            self.bill.note(self.panel.outcomes)
            self.panel.ask(Seat(candidate, model, row.attempt, self.journal.state.candidates[candidate].text))

    async def _lead(self, event: events.Event) -> None:
        """Tell an event of the panel, and who leads because of it."""
        await self.emit(event)
        # Further text changes nobody's place: what counts is who speaks, and who has ended.
        if isinstance(event, events.CandidateDelta) and event.ttft_ms is None:
            return
        state = self.journal.state
        if isinstance(event, events.CandidateFinished):
            metrics.note_candidate(state.candidates[event.candidate])
            if event.status == "failed":
                # Whoever wants it asked again must find it kept.
                self.signs.nudge.set()
                await self._fall_over(event)
        leader = choose_leader(state, self.standings)
        if leader and leader != state.leader and state.ranking is None:
            await self.emit(events.LeaderChanged(leader))

    async def _rank(self, question: Question, panel: Panel) -> Ranking | None:
        drafts = [outcome.as_draft() for outcome in panel.usable]
        if not drafts:
            return None
        # The words of others go first, whose readers see each that is late.
        await shared_ticker().lull()
        shown = self.journal.state.ranking
        order = [row.candidate for row in shown.standings] if shown else []
        ranking = await think(rank_steadily, question, drafts, order, self.read_chars)
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
        if (best := ranking.standings[0].candidate) != self.journal.state.leader:
            await self.emit(events.LeaderChanged(best))
        # A judge's map says more than one made of letters.
        is_judged = any(call.purpose == "judge" for call in self.bill.untold)
        if not is_judged and (claims := await think(find_claims, drafts)) != self.journal.state.claims:
            await self.emit(events.ClaimsMapped(claims))
        return ranking

    async def _fuse(self, question: Question, ranking: Ranking | None, panel: Panel) -> Fusion | None:
        sheet = open_sheet(question, ranking, panel, self.journal.state)
        stop, judges = self.signs.stop, not is_short_of_money(panel.route)
        if sheet is None or stop.is_set():
            return None
        return await write_answer(
            sheet, turn=self.turn, bill=self.bill, emit=self.emit, stop=stop, judges=judges
        )

    async def _closing(self, error: str) -> events.TurnClosed:
        is_stopped = self.signs.stop.is_set() and not self.is_crisis
        status = "stopped" if is_stopped else "failed" if error else "done"
        took_ms = round((time.monotonic() - self.started) * 1000)
        kept = {}
        if self.is_again:
            kept = await outlast(CLOSE_SECONDS, partial(selectors.costs_of, self.turn))
        cost, title = self.bill.cost_micros(kept), self.turn.conversation.title
        return events.TurnClosed(status, "" if is_stopped else error, took_ms, cost, title)

    async def _keep_often(self) -> None:
        """Keep what there is every few seconds, at once when nudged, and hear what was asked meanwhile."""
        await self.signs.await_storing()
        while True:
            # Not wait_for, which in Python 3.11 can lose the cancellation that ends this task.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KEEP_SECONDS):
                    await self.signs.nudge.wait()
            if not self.signs.nudge.is_set():
                await shared_ticker().lull()
            self.signs.nudge.clear()
            seq = await self.journal.flush()
            state, calls = self.journal.state, self._calls_made()
            keep = keeping.keep_progress(turn=self.turn, state=state, seq=seq, calls=calls)
            try:
                asked = await keep
            except (OperationalError, InterfaceError):
                # A database that restarts is tried again at the next round; closing the turn waits for it.
                continue
            except DatabaseError:
                logger.exception("turn %s: not kept, trying again", self.turn.public_id)
                continue
            await self._grant(asked)

    async def _place(self, sensitivity: Sensitivity) -> None:
        if self.journal.state.status != "done" or self.turn.conversation.origin != Conversation.Origin.PAGE:
            return
        await shared_ticker().lull()
        placement = await placements.ad_for(self.turn, sensitivity)
        await self.emit(placement)
        seq = await self.journal.flush()
        keep = partial(keeping.keep_placement, turn=self.turn, placement=placement, seq=seq)
        self.signs.is_wanted |= await outlast_here(CLOSE_SECONDS, keep)
