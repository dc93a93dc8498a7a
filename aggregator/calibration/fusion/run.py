"""Carries out a run about fused answers: finds judges, fuses, compares, and stores the verdicts."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from aggregator.calibration.fusion.judge_checks import PAIRS_AT_ONCE, JudgeRecord
from aggregator.calibration.fusion.plan import (
    MAX_TRIED,
    FusionPlan,
    build_candidates,
    choose_judge,
    describe_verdict,
)
from aggregator.calibration.run_asker import RunAsker
from aggregator.catalog.catalog import LanguageModel
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import CalibrationRun
from aggregator.selectors import calibration_runs as selectors
from aggregator.services.listings import list_offered_models, store_fusion_verdict

# A second judge compares the answers that the first one wrote.
_JUDGES = 2


async def measure_fusion(
    run: CalibrationRun,
    models: Sequence[LanguageModel],
    asker: RunAsker,
    ask_candidates: Callable[[], Awaitable[None]],
) -> dict[str, Any] | None:
    """Measure the fused answers of every model and store the verdicts; None when it was stopped.

    Candidates are asked only once there is a judge for what is made of them.
    """
    records = await _check_judges(asker, run, models)
    report: dict[str, Any] = {"judges": [record.to_json() for record in records]}
    able = {record.slug for record in records if record.can_judge}
    offered = await run_in_db_thread(list_offered_models)
    judges = [model for model in offered if model.slug in able]
    if asker.stop.is_set():
        return None
    if not judges:
        return report | {"problem": "no_judge"}
    await ask_candidates()
    load = partial(run_in_db_thread, _load_plan, run, models)
    plan = await load()
    if asker.stop.is_set():
        return None
    if not plan.candidates:
        return report | {"problem": "no_candidates"}
    for model in models:
        limit = partial(plan.limit_fusion_cost, model)
        await asker.ask_all(plan.list_fusions([model]), ask=plan.fuse_once, limit_cost=limit)
    plan = await load()
    for model in models:
        await asker.ask_all(plan.list_verdicts(model, choose_judge(model, judges)))
    if asker.stop.is_set():
        return None
    plan = await load()
    return report | await run_in_db_thread(_store_verdicts, plan, models, judges)


async def _check_judges(
    asker: RunAsker, run: CalibrationRun, models: Sequence[LanguageModel]
) -> list[JudgeRecord]:
    """Return how models on offer judge labelled pairs, best first, until two of them can."""
    records: list[JudgeRecord] = []
    for model in (await run_in_db_thread(list_offered_models))[:MAX_TRIED]:
        records.append(await _check_judge(asker, run, models, model))
        if sum(record.can_judge for record in records) == _JUDGES or asker.stop.is_set():
            break
    return records


async def _check_judge(
    asker: RunAsker, run: CalibrationRun, models: Sequence[LanguageModel], judge: LanguageModel
) -> JudgeRecord:
    """Return how a model judges labelled pairs, of which no more are asked once it cannot pass."""
    pairs = 0
    while True:
        pairs += PAIRS_AT_ONCE
        plan = await run_in_db_thread(_load_plan, run, models)
        await asker.ask_all(plan.list_checks(judge, pairs))
        plan = await run_in_db_thread(_load_plan, run, models)
        record = plan.check_judge(judge, pairs)
        if record.pairs < pairs or record.is_hopeless or asker.stop.is_set():
            return record


def _load_plan(run: CalibrationRun, models: Sequence[LanguageModel]) -> FusionPlan:
    questions, answers = selectors.list_questions(run.pk), selectors.list_answers(run.pk)
    return FusionPlan(run.pk, questions[0].pk, build_candidates(questions, answers, models), answers)


def _store_verdicts(
    plan: FusionPlan, models: Sequence[LanguageModel], judges: Sequence[LanguageModel]
) -> dict[str, Any]:
    rows = []
    for model in models:
        judge = choose_judge(model, judges)
        verdict = plan.decide(model, judge)
        if verdict.may_fuse is not None:
            store_fusion_verdict(slug=model.slug, may_fuse=verdict.may_fuse)
        rows.append(describe_verdict(model, judge, verdict))
    return {"fusion": rows}
