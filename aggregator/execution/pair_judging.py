"""Has a model judge, beside the ranking, the pairs of answers that the comparison is unsure of."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from aggregator.catalog.catalog import LanguageModel
from aggregator.execution.setup import TurnSetup
from aggregator.execution.turn_run import TurnRun
from aggregator.infra.concurrency import run_in_cpu_pool
from aggregator.pipeline.agreement.compare import compare_answers
from aggregator.pipeline.fusion.judge import JudgeUsage
from aggregator.pipeline.fusion.pair_judge import (
    MOST_TOKENS,
    REPLY_TOKENS,
    is_worth_judging_pairs,
    judge_pairs,
)
from aggregator.pipeline.panel.panel import Outcome, make_call_id
from aggregator.pipeline.ranking.vote import can_vote
from aggregator.pipeline.routing.route import is_budget_limited
from aggregator.pipeline.types import NOTHING_JUDGED, JudgedTexts, Question, Strategy
from aggregator.providers import TokenUsage, cost_micros

logger = logging.getLogger(__name__)
# How long a call may go on after the answer stands; the page then shows which answers agree.
LATE_SECONDS = 2.5


def choose_pair_judge(question: Question, models: Sequence[LanguageModel]) -> LanguageModel | None:
    """Return the best model on offer that may judge in the question's language, or None."""
    capable = [model for model in models if model.can_fuse and question.language in model.languages]
    return max(capable, key=lambda model: (model.standing, model.slug), default=None)


def estimate_judge_cost(model: LanguageModel) -> int:
    """Return the most that one call may cost, in micros of won."""
    return cost_micros(model, TokenUsage(MOST_TOKENS, REPLY_TOKENS, "counted"))


@dataclass(slots=True)
class PairJudging:
    """At most one judge's call of a turn, and what it found; nothing waits for it before an answer stands."""

    run: TurnRun
    setup: TurnSetup
    judged: JudgedTexts = field(default_factory=lambda: NOTHING_JUDGED)
    _task: asyncio.Task[None] | None = None
    _is_read: bool = False

    def begin(self, usable: Sequence[Outcome]) -> None:
        """Start the call if it may help and the budget pays for it."""
        question, budget = self.setup.context.question, self.setup.context.budget
        drafts = [outcome.as_draft() for outcome in usable]
        if self._task or len(drafts) < 2 or self.run.is_stopped or not can_vote(question, drafts):
            return
        model = choose_pair_judge(question, self.setup.context.offer)
        if model is None or budget.is_empty or is_budget_limited(self.setup.route):
            return
        if self.setup.route.strategy != Strategy.SINGLE and budget.can_afford(estimate_judge_cost(model)):
            self._task = asyncio.create_task(self._judge(model, [draft.text for draft in drafts]))

    async def _judge(self, model: LanguageModel, texts: Sequence[str]) -> None:
        question, run = self.setup.context.question, self.run
        usage = JudgeUsage(call_id=make_call_id(f"{run.state.turn}/{run.state.attempt}", "pairs"))
        agreement = await run_in_cpu_pool(compare_answers, question, texts)
        if not is_worth_judging_pairs(agreement):
            return
        try:
            self.judged = await judge_pairs(question, texts, model=model, judge_usage=usage)
        finally:
            if usage.input_tokens:
                run.usage.record_judgement(usage.to_judgement(model))

    @property
    def has_news(self) -> bool:
        """Whether something was found since it was last asked for."""
        return bool(self.judged) and not self._is_read

    def read(self) -> JudgedTexts:
        """Return what was found so far."""
        self._is_read = bool(self.judged)
        return self.judged

    @property
    def is_running(self) -> bool:
        """Whether the call is under way."""
        return self._task is not None and not self._task.done()

    async def wait(self) -> None:
        """Wait a moment, beside an answer that stands, for a call that is under way."""
        if self._task:
            stopping = asyncio.create_task(self.run.control.stop.wait())
            await asyncio.wait(
                {self._task, stopping}, timeout=LATE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            stopping.cancel()

    async def __aenter__(self) -> Self:
        """Return this; the call ends with the stages."""
        return self

    async def __aexit__(self, *raised: object) -> None:
        """End a call that is under way; what it has cost is recorded."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            if not self._task.cancelled() and (error := self._task.exception()):
                logger.error("the comparison by a judge failed", exc_info=error)
