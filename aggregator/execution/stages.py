"""The stages of a turn from its setup to its answer: ask the panel, rank, escalate, fuse, select."""

import asyncio
import contextlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from django.db import InterfaceError, OperationalError

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.events import (
    AnswerFinished,
    CandidateDelta,
    CandidateFinished,
    ClaimsMapped,
    Event,
    LeaderChanged,
    PanelMember,
    RankingMade,
    SupportsFound,
)
from aggregator.domain.turn_state import TurnState
from aggregator.execution.close import place_ad_early
from aggregator.execution.crisis import offer_help
from aggregator.execution.pair_judging import PairJudging
from aggregator.execution.setup import TurnSetup
from aggregator.execution.strategy_change import explain_strategy_change
from aggregator.execution.turn_run import TurnRun
from aggregator.infra import metrics
from aggregator.infra.concurrency import run_in_cpu_pool, run_in_db_thread
from aggregator.infra.flush_scheduler import get_flush_scheduler
from aggregator.models import Candidate, Conversation, Turn
from aggregator.pipeline.fusion.fuse import Fusion, FusionRequest, choose_fuser, fuse, make_fusion_key
from aggregator.pipeline.fusion.fusion_inputs import select_fusion_inputs
from aggregator.pipeline.fusion.judge import is_worth_judging
from aggregator.pipeline.fusion.support import find_supports
from aggregator.pipeline.panel.fan_out import fan_out
from aggregator.pipeline.panel.panel import Panel
from aggregator.pipeline.panel.provisional_answer import choose_leader, keep_first, name_answer_kind
from aggregator.pipeline.panel.settling import is_settled
from aggregator.pipeline.ranking.disagreements import find_claims
from aggregator.pipeline.ranking.rank import rank, rank_stably
from aggregator.pipeline.ranking.vote import can_vote
from aggregator.pipeline.routing.escalation import choose_escalation
from aggregator.pipeline.routing.fallback import choose_fallback
from aggregator.pipeline.routing.route import is_budget_limited
from aggregator.pipeline.types import Draft, PanelSlot, Question, Ranking, Strategy
from aggregator.providers import Busy
from aggregator.storage import checkpoint
from language.sensitivity import Sensitivity

# How often it is judged whether the candidates being written are worth waiting for.
SETTLING_TICK_S, ARRIVAL_WAIT_S = 0.25, 60.0
# Strategies that make one answer of several.
COMBINED = frozenset({Strategy.VOTE, Strategy.CASCADE, Strategy.COUNCIL})


@dataclass(slots=True)
class PanelStages:
    """Asks one panel and makes one answer of what it says."""

    run: TurnRun
    setup: TurnSetup
    # The panel while its models are being asked.
    panel: Panel | None = None
    # The prior quality of each candidate's model, by candidate.
    quality_priors: dict[str, float] = field(default_factory=dict)
    # The length of the answers at the last ranking, in characters.
    ranked_chars: int = 0
    pairs: PairJudging = field(init=False)

    def __post_init__(self) -> None:
        self.pairs = PairJudging(self.run, self.setup)

    async def answer(self, judging: asyncio.Task[Sensitivity]) -> str:
        """Go through all stages; returns '' or the code of why there is no answer."""
        run, setup, question = self.run, self.setup, self.setup.context.question
        self.quality_priors = {slot.candidate: slot.model.standing for slot in setup.route.slots}
        fanned_out = fan_out(
            setup.route,
            question,
            emit=self._on_panel_event,
            stop=run.control.stop,
            kept=setup.outcomes,
            gate=run.control.wait_until_admitted,
        )
        async with self.pairs, fanned_out as panel:
            self.panel = panel
            judging.add_done_callback(self._on_sensitivity)
            # After a crash, candidates of a settled answer are asked again beside it.
            error = "" if run.state.answer_is_finished else await self._answer_from(panel, judging)
            if run.state.answer_is_finished and not run.is_stopped:
                await self._end_late(panel, judging)
            await panel.wait_until_complete()
            self.panel = None
        run.usage.record_candidates(panel.outcomes)
        if not run.is_crisis:
            run.call_results = [(outcome.slot.model.slug, outcome.error) for outcome in panel.outcomes]
        return error

    async def _answer_from(self, panel: Panel, judging: asyncio.Task[Sensitivity]) -> str:
        """Wait for enough answers, and emit which one stands; returns '' or the code of why none does."""
        run, question = self.run, self.setup.context.question
        await self._wait_until_settled(panel, stops_at_quorum=True)
        ranking = await self._rank(panel)
        if not is_report_due(question, ranking, panel, run.state):
            self.pairs.begin(panel.usable)
        await self._escalate(ranking, panel)
        fusion = await fuse_answer(run, question, ranking, panel)
        if fusion is None or fusion.error:
            await self._wait_until_settled(panel)
        if (await judging).needs_help:
            await panel.wait_until_complete()
            await offer_help(run)
            return ""
        if is_ranking_old(run.state, panel) or self.pairs.has_news:
            ranking = await self._rank(panel, is_final=True)
        return await select_answer(run, question, panel, ranking, fusion)

    async def _wait_until_settled(self, panel: Panel, *, stops_at_quorum: bool = False) -> None:
        """Wait until every candidate has ended, or those being written are not worth waiting for."""
        question, ranking, known = self.setup.context.question, None, 0
        while not panel.is_complete and not (stops_at_quorum and panel.is_quorate):
            drafts = [outcome.as_draft() for outcome in panel.usable]
            if len(drafts) > known:
                ranking, known = await run_in_cpu_pool(rank, question, drafts), len(drafts)
            if ranking and is_answer_settled(self.run.state, question, panel, ranking):
                return
            await panel.wait_for_arrival(SETTLING_TICK_S if ranking else ARRIVAL_WAIT_S)

    async def _end_late(self, panel: Panel, judging: asyncio.Task[Sensitivity]) -> None:
        """Let the other candidates end beside the settled answer, and place its ad meanwhile."""
        run = self.run
        run.settled_ms = run.settled_ms or run.elapsed_ms
        is_page = run.turn.conversation.origin == Conversation.Origin.PAGE
        if panel.is_complete and not (is_page and self.pairs.is_running):
            return
        if not is_page:
            # A program reads nothing beside the answer.
            run.control.stop.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(place_ad_early(run, await judging))
            group.create_task(self.pairs.wait())
            await panel.wait_until_complete()
        if run.state.ranking and (is_ranking_old(run.state, panel) or self.pairs.has_news):
            await self._rank(panel, is_final=True)

    def record_outcomes(self) -> None:
        """Record the calls that have ended so far."""
        if self.panel:
            self.run.usage.record_candidates(self.panel.outcomes)

    async def ask_candidates(self, rows: Iterable[Candidate]) -> None:
        """Ask stored candidates (again) while the panel is being asked; after that they reopen the turn."""
        models = {model.slug: model for model in self.setup.context.offer}
        for row in rows:
            candidate, model = str(row.public_id), models.get(row.model)
            if self.panel is None or model is None or self.run.is_stopped:
                return
            if candidate not in self.run.state.candidates:
                await self.run.add_to_panel([row])
            self.quality_priors[candidate] = model.standing
            self.record_outcomes()
            past_text = self.run.state.candidates[candidate].text
            self.panel.add_slot(PanelSlot(candidate, model, row.attempt, past_text))

    def _on_sensitivity(self, judging: asyncio.Task[Sensitivity]) -> None:
        if not judging.cancelled() and judging.result().needs_help:
            self.run.is_crisis = True
            self.run.control.stop.set()

    async def _on_panel_event(self, event: Event) -> None:
        """Emit an event of the panel and what follows from it: a fallback, a new leader."""
        run = self.run
        await run.emit(event)
        # Further text changes no leader: what counts is who has begun, and who has ended.
        if isinstance(event, CandidateDelta) and event.ttft_ms is None:
            return
        if isinstance(event, CandidateFinished):
            metrics.record_candidate(run.state.candidates[event.candidate])
            if event.status == "failed":
                # Checkpointed at once, because a retry is only taken of a candidate that is stored as failed.
                run.control.wakeup.set()
                await self._ask_fallback(event)
        if run.is_stopped:
            # A stop leaves the text that is being read.
            return
        leader = choose_leader(run.state, self.quality_priors)
        if leader and leader != run.state.leader and run.state.ranking is None:
            await run.emit(LeaderChanged(leader))

    async def _ask_fallback(self, failed: CandidateFinished) -> None:
        """Ask another model in place of one that failed, as long as that delays nobody."""
        run, panel, context = self.run, self.panel, self.setup.context
        is_over = run.is_stopped or run.state.answer_is_finished
        if panel is None or is_over or not panel.has_time_for_another:
            return
        models = self.setup.fallback_models
        if spare := choose_fallback(failed, run.state, context.question, models, context.budget):
            await self._ask_extra_model(spare, panel, replaced=failed.candidate)

    async def _escalate(self, ranking: Ranking | None, panel: Panel) -> None:
        """Ask a stronger model too if the vote is not sure enough, and wait for its answer."""
        if ranking is None or self.run.is_stopped or len(panel.usable) < 2:
            return
        context = self.setup.context
        model = choose_escalation(
            context.question,
            context.offer,
            panel.route,
            ranking,
            budget=context.budget,
            weights=context.day.weights,
        )
        if model is None:
            return
        await panel.wait_for(await self._ask_extra_model(model, panel, "escalated"))

    async def _ask_extra_model(
        self, model: LanguageModel, panel: Panel, *reasons: str, replaced: str = ""
    ) -> str:
        """Ask one more model and return its candidate."""
        slot = PanelSlot(str(uuid.uuid4()), model)
        member = PanelMember(slot.candidate, model.slug, model.name, model.vendor, replaced)
        await self.run.add_members([member], *reasons)
        self.quality_priors[slot.candidate] = model.standing
        panel.add_slot(slot)
        return slot.candidate

    async def _rank(self, panel: Panel, *, is_final: bool = False) -> Ranking | None:
        """Rank the usable answers and emit the ranking, the leader and the claims; None without any."""
        run, drafts = self.run, [outcome.as_draft() for outcome in panel.usable]
        if not drafts:
            return None
        # Streamed text of other turns goes first, because its readers see each delay.
        await get_flush_scheduler().yield_when_busy()
        order = [row.candidate for row in run.state.ranking.standings] if run.state.ranking else []
        question = self.setup.context.question
        judged = self.pairs.read()
        ranking = await run_in_cpu_pool(rank_stably, question, drafts, order, self.ranked_chars, judged)
        self.ranked_chars = sum(len(draft.text) for draft in drafts)
        if run.is_stopped or run.state.answer_is_finished:
            # What is being read stays.
            ranking = keep_first(ranking, run.state.answer_candidate or run.state.leader)
        await run.emit(
            RankingMade(
                ranking.standings,
                ranking.agreeing,
                ranking.compared,
                ranking.shown_confidence,
                provisional=not (is_final or panel.is_complete),
            )
        )
        best, is_kept = ranking.standings[0].candidate, run.is_stopped or run.state.answer_is_finished
        if best != run.state.leader and not (is_kept and run.state.leader):
            await run.emit(LeaderChanged(best))
        await map_claims(run, drafts)
        return ranking


async def map_claims(run: TurnRun, drafts: list[Draft]) -> None:
    """Emit what the answers share and contradict, unless a judge has found it for a fused answer."""
    if run.usage.has_report:
        return
    claims = await run_in_cpu_pool(find_claims, drafts)
    if claims != run.state.claims:
        await run.emit(ClaimsMapped(claims))


def is_ranking_old(state: TurnState, panel: Panel) -> bool:
    """Return whether no final ranking is shown, or answers have ended since."""
    shown = state.ranking
    return shown is None or shown.provisional or len(panel.usable) > len(shown.standings)


def is_answer_settled(state: TurnState, question: Question, panel: Panel, ranking: Ranking) -> bool:
    """Return whether the candidates of a panel that are being written are not worth waiting for."""
    ended, writers = panel.list_ended(state.candidates), panel.list_writers(state.candidates)
    is_votable = can_vote(question, [each.draft for each in ended])
    is_combined = panel.route.strategy in COMBINED
    return is_settled(ranking, ended, writers, is_votable=is_votable, is_combined=is_combined)


async def fuse_answer(
    run: TurnRun, question: Question, ranking: Ranking | None, panel: Panel
) -> Fusion | None:
    """Write one answer from several candidates, or return None where it is not worth it or not possible.

    Its calls are recorded however it ends.
    """
    request = _build_fusion_request(question, ranking, panel, run.state)
    if request is None or run.is_stopped:
        return None
    run.usage.fusion_request = request
    stop, with_judge = run.control.stop, not is_budget_limited(panel.route)
    try:
        fusion = await fuse(request, emit=run.emit, stop=stop, with_judge=with_judge)
    finally:
        run.usage.record_fusion(request.to_fusion())
    if fusion.judgement and (report := fusion.judgement.report):
        order = tuple(request.fusion_inputs.candidates[letter] for letter in report.order)
        save = partial(checkpoint.save_ballot, turn=run.turn, judge=request.fuser.slug, order=order)
        with contextlib.suppress(OperationalError, InterfaceError):
            await run_in_db_thread(save)
    return fusion


def is_report_due(question: Question, ranking: Ranking | None, panel: Panel, state: TurnState) -> bool:
    """Return whether a judge will compare the answers for a fused one, so that no other has to."""
    request = _build_fusion_request(question, ranking, panel, state)
    return request is not None and is_worth_judging(request.fusion_inputs)


def _build_fusion_request(
    question: Question, ranking: Ranking | None, panel: Panel, state: TurnState
) -> FusionRequest | None:
    if ranking is None:
        return None
    is_wanted = len(panel.usable) > 1 and panel.route.strategy == Turn.Strategy.COUNCIL
    # A question that was routed as votable turned out to have answers that cannot be compared.
    is_wanted |= not ranking.compared and "votable" in panel.route.reasons
    fuser = choose_fuser(question, panel.usable)
    if not is_wanted or fuser is None:
        return None
    fusion_inputs = select_fusion_inputs(ranking, panel.usable)
    if len(fusion_inputs.texts) < 2:
        return None
    return FusionRequest(question, fusion_inputs, fuser, make_fusion_key(state, state.answers_begun + 1))


def name_failure(panel: Panel) -> str:
    """Return the code of why no model of a panel has answered."""
    errors = {outcome.error for outcome in panel.outcomes}
    return Busy.code if errors == {Busy.code} else "all_failed"


async def select_answer(
    run: TurnRun, question: Question, panel: Panel, ranking: Ranking | None, fusion: Fusion | None
) -> str:
    """Emit which answer stands; returns '' or the code of why none does."""
    shown = run.state.candidates.get(run.state.leader)
    if run.is_stopped and fusion and fusion.text and run.state.answer_text:
        # The part of a fused answer that is being read stays when the rest is stopped.
        await run.emit(AnswerFinished("fused", cost_micros=fusion.cost_micros))
        return ""
    if ranking and fusion and not fusion.error:
        change = explain_strategy_change("fused", panel, ranking, fusion, question)
        await run.emit(AnswerFinished("fused", cost_micros=fusion.cost_micros, change=change))
        drafts = [outcome.as_draft() for outcome in panel.usable]
        if supports := await run_in_cpu_pool(find_supports, fusion.text, drafts):
            await run.emit(SupportsFound(supports))
        return ""
    is_ranked = ranking is not None and shown in [
        run.state.candidates[row.candidate] for row in ranking.standings
    ]
    if run.is_stopped and shown and shown.text and not is_ranked:
        await run.emit(AnswerFinished("single", shown.candidate))
        return ""
    if ranking is None:
        return "stopped" if run.is_stopped else name_failure(panel)
    kind = name_answer_kind(panel.route, panel.usable, ranking)
    # What a person has stopped needs no further reason.
    is_explained = not run.is_stopped
    change = explain_strategy_change(kind, panel, ranking, fusion, question) if is_explained else ""
    await run.emit(AnswerFinished(kind, ranking.standings[0].candidate, change=change))
    return ""
