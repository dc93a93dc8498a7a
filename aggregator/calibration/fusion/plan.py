"""Plans what is asked about fused answers: pairs with the best candidate, in both orders, by a judge.

A judge is a model on offer that finds the better answer of labelled pairs (`judge_checks.py`). Where no model
does, nothing is decided.
"""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from aggregator.calibration.ask import PlannedCall, ignore
from aggregator.calibration.fusion.judge_checks import (
    JudgeRecord,
    PairScore,
    list_labelled_pairs,
    record_judge,
    score_orders,
)
from aggregator.calibration.fusion.judge_pairs import (
    AnswerPair,
    build_judge_question,
    constrain_reply,
    make_case,
    read_verdict,
)
from aggregator.calibration.fusion.verdict import FusionVerdict, decide_fusion
from aggregator.catalog.catalog import LanguageModel
from aggregator.models import CalibrationAnswer, CalibrationQuestion
from aggregator.pipeline.fusion.fuse import Fusion, FusionRequest, fuse
from aggregator.pipeline.fusion.fusion_inputs import FusionInputs, select_fusion_inputs
from aggregator.pipeline.fusion.judge import JUDGE_TOKENS
from aggregator.pipeline.panel.panel import Outcome
from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.routing.plan_options import answer_cost_micros
from aggregator.pipeline.routing.prompt_topics import classify_topic
from aggregator.pipeline.types import PanelSlot, Question
from aggregator.providers import TokenUsage, overestimate_tokens

Answers = Mapping[int, Sequence[CalibrationAnswer]]
_ROLE = CalibrationAnswer.Role
# So many models are tried as a judge at most, best first.
MAX_TRIED = 4
_INSTRUCTION_TOKENS = 2_000


@dataclass(frozen=True, slots=True)
class Candidates:
    """The answers to one question as a fuser gets them, and the best of them."""

    row: CalibrationQuestion
    question: Question
    inputs: FusionInputs
    best: str


@dataclass(slots=True)
class FusionPlan:
    """What is asked about fused answers, from what is stored so far."""

    run_id: int
    first_question: int
    candidates: Sequence[Candidates]
    answers: Answers
    _by_question: dict[int, Candidates] = field(init=False)

    def __post_init__(self) -> None:
        self._by_question = {each.row.pk: each for each in self.candidates}

    def list_checks(self, judge: LanguageModel, pairs: int) -> list[PlannedCall]:
        """Return the calls about the first labelled pairs, which are kept with the run's first question."""
        return [
            call
            for number, pair in enumerate(list_labelled_pairs(self.run_id)[:pairs])
            for call in self._list_orders(pair, self.first_question, judge, _name_check(number))
        ]

    def list_fusions(self, fusers: Sequence[LanguageModel]) -> list[PlannedCall]:
        """Return the calls that write fused answers."""
        return [
            PlannedCall(each.row.pk, each.question, model, _ROLE.FUSED, model.slug)
            for each in self.candidates
            for model in fusers
        ]

    def list_verdicts(self, fuser: LanguageModel, judge: LanguageModel) -> list[PlannedCall]:
        """Return the calls by which a judge compares a model's fused answers with the best candidates."""
        pairs = [(each, self._make_pair(each, fuser.slug)) for each in self.candidates]
        return [
            call
            for each, pair in pairs
            if pair is not None and pair.first.strip() != pair.second.strip()
            for call in self._list_orders(pair, each.row.pk, judge, fuser.slug)
        ]

    def check_judge(self, judge: LanguageModel, pairs: int) -> JudgeRecord:
        """Return how a model judged the first labelled pairs; one without a reply counts as unreadable."""
        scores = [
            self._read_score(pair, self.first_question, judge, _name_check(number))
            or PairScore(0.5, is_unreadable=True)
            for number, pair in enumerate(list_labelled_pairs(self.run_id)[:pairs])
        ]
        return record_judge(judge.slug, scores)

    def decide(self, fuser: LanguageModel, judge: LanguageModel) -> FusionVerdict:
        """Return the verdict on a model's fused answers."""
        scores = []
        for each in self.candidates:
            pair = self._make_pair(each, fuser.slug)
            if pair is None:
                continue
            is_equal = pair.first.strip() == pair.second.strip()
            score = PairScore(0.5) if is_equal else self._read_score(pair, each.row.pk, judge, fuser.slug)
            if score is not None:
                scores.append(score)
        return decide_fusion(scores)

    def limit_fusion_cost(self, model: LanguageModel, call: PlannedCall) -> int:
        """Return the most that a fused answer and the report before it may cost."""
        each = self._by_question[call.question_id]
        tokens = 2 * overestimate_tokens(each.inputs.as_text(each.question)) + _INSTRUCTION_TOKENS
        return answer_cost_micros(model, tokens, model.output_limit + JUDGE_TOKENS)

    async def fuse_once(self, call: PlannedCall, stop: asyncio.Event) -> Outcome:
        """Write one answer from the candidates, as a live turn does."""
        each = self._by_question[call.question_id]
        request = FusionRequest(each.question, each.inputs, call.model, str(uuid.uuid4()))
        return _as_outcome(await fuse(request, emit=ignore, stop=stop))

    def _make_pair(self, each: Candidates, slug: str) -> AnswerPair | None:
        fused = self._find(each.row.pk, _ROLE.FUSED, slug, slug)
        if fused is None or fused.error or not fused.text.strip():
            return None
        case = make_case(self.run_id, each.row.pk, slug)
        return AnswerPair(each.row.prompt, fused.text, each.best, case)

    def _list_orders(
        self, pair: AnswerPair, question_id: int, judge: LanguageModel, subject: str
    ) -> list[PlannedCall]:
        orders = ((_ROLE.JUDGE, pair), (_ROLE.SWAPPED, pair.swap()))
        return [
            PlannedCall(
                question_id, build_judge_question(each), constrain_reply(judge, each.case), role, subject
            )
            for role, each in orders
        ]

    def _read_score(
        self, pair: AnswerPair, question_id: int, judge: LanguageModel, subject: str
    ) -> PairScore | None:
        """Return what a judge says of a pair, or None without a reply to both orders."""
        replies = [
            self._find(question_id, role, judge.slug, subject) for role in (_ROLE.JUDGE, _ROLE.SWAPPED)
        ]
        verdicts = [read_verdict(reply.text, pair.case) for reply in replies if reply and not reply.error]
        return score_orders(*verdicts) if len(verdicts) == len(replies) else None

    def _find(self, question_id: int, role: str, model: str, subject: str) -> CalibrationAnswer | None:
        rows = self.answers.get(question_id, ())
        return next(
            (row for row in rows if (row.role, row.model, row.subject) == (role, model, subject)), None
        )


def _name_check(number: int) -> str:
    return f"check {number}"


def _as_outcome(fusion: Fusion) -> Outcome:
    """Return a fused answer with its judge's report as one call."""
    usage, cost = fusion.usage, fusion.cost_micros
    if report := fusion.judgement:
        usage = TokenUsage(
            usage.input_tokens + report.usage.input_tokens,
            usage.output_tokens + report.usage.output_tokens,
            "counted" if "counted" in {usage.source, report.usage.source} else "provider",
        )
        cost += report.cost_micros
    status = {"": "done", "stopped": "stopped"}.get(fusion.error, "failed")
    slot = PanelSlot(str(fusion.call_id), fusion.model)
    return Outcome(slot, fusion.call_id, status, fusion.text, "", fusion.error, usage, cost)


def build_candidates(
    questions: Sequence[CalibrationQuestion], answers: Answers, models: Sequence[LanguageModel]
) -> list[Candidates]:
    """Return the questions with two or more answers to fuse, ranked as a live turn ranks them."""
    by_slug = {model.slug: model for model in models}
    found = []
    for row in questions:
        outcomes = [
            Outcome(
                PanelSlot(answer.model, by_slug[answer.model]), uuid.uuid4(), "done", answer.text,
                answer.finish_reason, "", TokenUsage(0, 0, "counted"), 0,
            )
            for answer in answers.get(row.pk, ())
            if answer.is_whole_candidate and answer.model in by_slug
        ]  # fmt: skip
        question = Question(row.prompt, row.language, topic=classify_topic(row.prompt).topic)
        ranking = rank(question, [outcome.as_draft() for outcome in outcomes])
        inputs = select_fusion_inputs(ranking, outcomes)
        if len(inputs.texts) > 1:
            texts = {outcome.slot.candidate: outcome.text for outcome in outcomes}
            found.append(Candidates(row, question, inputs, texts[ranking.standings[0].candidate]))
    return found


def choose_judge(fuser: LanguageModel, judges: Sequence[LanguageModel]) -> LanguageModel:
    """Return the best judge that did not write the answer, else the writer itself."""
    return next((judge for judge in judges if judge.slug != fuser.slug), judges[0])


def describe_verdict(fuser: LanguageModel, judge: LanguageModel, verdict: FusionVerdict) -> dict[str, Any]:
    """Return a verdict as JSON values."""
    return {"slug": fuser.slug, "judge": judge.slug, **asdict(verdict)}
