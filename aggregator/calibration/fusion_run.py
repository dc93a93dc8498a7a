"""Carries out a run about fused answers: finds judges, fuses, compares, and stores the verdicts."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from aggregator.calibration.fusion import (
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
    run: CalibrationRun, models: Sequence[LanguageModel], asker: RunAsker
) -> dict[str, Any] | None:
    """Measure the fused answers of every model and store the verdicts; None when it was stopped."""
    load = partial(run_in_db_thread, _load_plan, run, models)
    plan = await load()
    if not plan.candidates:
        return {"problem": "no_candidates"}
    judges = await _find_judges(asker, run, models)
    if asker.stop.is_set():
        return None
    if not judges:
        return {"problem": "no_judge"}
    for model in models:
        limit = partial(plan.limit_fusion_cost, model)
        await asker.ask_all(plan.list_fusions([model]), ask=plan.fuse_once, limit_cost=limit)
    plan = await load()
    for model in models:
        await asker.ask_all(plan.list_verdicts(model, choose_judge(model, judges)))
    if asker.stop.is_set():
        return None
    plan = await load()
    return await run_in_db_thread(_store_verdicts, plan, models, judges)


async def _find_judges(
    asker: RunAsker, run: CalibrationRun, models: Sequence[LanguageModel]
) -> list[LanguageModel]:
    """Return up to two models on offer that can judge, best first."""
    judges: list[LanguageModel] = []
    for model in (await run_in_db_thread(list_offered_models))[:MAX_TRIED]:
        plan = await run_in_db_thread(_load_plan, run, models)
        await asker.ask_all(plan.list_checks(model))
        plan = await run_in_db_thread(_load_plan, run, models)
        if plan.can_judge(model):
            judges.append(model)
        if len(judges) == _JUDGES or asker.stop.is_set():
            break
    return judges


def _load_plan(run: CalibrationRun, models: Sequence[LanguageModel]) -> FusionPlan:
    answers = selectors.list_answers(run.pk)
    candidates = build_candidates(selectors.list_questions(run.pk), answers, models)
    return FusionPlan(run.pk, candidates, answers)


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
