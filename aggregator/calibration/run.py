"""Carries out a calibration run: asks what is not answered yet, fits weights, and stores what they reach.

A run belongs to one process at a time, which renews its hold; when it dies, the next one goes on with the
answers that are stored.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from django.db import InterfaceError, OperationalError

from aggregator.calibration.ask import PlannedCall
from aggregator.calibration.fit import CalibrationFit, fit_run, grade_answers
from aggregator.calibration.fusion.run import measure_fusion
from aggregator.calibration.run_asker import DATABASE_RETRY_SECONDS, RunAsker
from aggregator.catalog.catalog import LanguageModel
from aggregator.execution.runner import get_main_log
from aggregator.infra.concurrency import log_errors, retry_db, run_in_db_thread
from aggregator.models import CalibrationQuestion, CalibrationRun
from aggregator.pipeline.types import Question
from aggregator.resilience.breaker import filter_available
from aggregator.selectors import calibration_runs as selectors
from aggregator.services import calibration_runs as services
from aggregator.services.listings import list_offered_models
from aggregator.storage.model_weights import activate_version, refresh_weights, save_version

RENEW_SECONDS = 2.0
# Gets the progress and the cost so far, in micros of won.
Report = Callable[[selectors.RunProgress, int], None]


def build_question(row: CalibrationQuestion) -> Question:
    """Return a stored question as the pipeline asks it."""
    return Question(row.prompt, row.language)


def list_models(run: CalibrationRun) -> list[LanguageModel]:
    """Return the models of a run that are still on offer."""
    return [model for model in list_offered_models() if model.slug in run.panel]


def plan_calls(run: CalibrationRun, models: Sequence[LanguageModel]) -> list[PlannedCall]:
    """Return the calls that ask every model every question, question by question."""
    return [
        PlannedCall(row.pk, build_question(row), model)
        for row in selectors.list_questions(run.pk)
        for model in models
    ]


async def carry_out(run_id: int, *, stop: asyncio.Event, report: Report | None = None) -> bool:
    """Carry out a running run that no other process holds, to its end or until `stop`.

    Returns whether it was carried out here.
    """
    holder = await run_in_db_thread(services.hold_run, run_id)
    if holder is None:
        return False
    is_lost = asyncio.Event()
    holding = asyncio.create_task(_keep_hold(run_id, holder, stop, is_lost, report))
    try:
        run = await retry_db(DATABASE_RETRY_SECONDS, partial(selectors.find_run, run_id))
        if run is not None:
            await _work(run, stop)
    except (OperationalError, InterfaceError):
        # The next process goes on once the database is back.
        raise
    except Exception:
        # Otherwise every process would take up, and fail at, the same run for ever.
        await run_in_db_thread(services.finish_run, run_id, report={}, error="internal")
        raise
    finally:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        with contextlib.suppress(OperationalError, InterfaceError):
            await run_in_db_thread(services.release_run, run_id, holder)
    return True


async def _keep_hold(
    run_id: int, holder: str, stop: asyncio.Event, is_lost: asyncio.Event, report: Report | None
) -> None:
    """Renew the hold, read the pauses that other processes found, and stop when the run is cancelled."""

    async def renew() -> None:
        if not await run_in_db_thread(services.renew_hold, run_id, holder):
            is_lost.set()
            stop.set()
        run = await run_in_db_thread(selectors.find_run, run_id)
        if run is None:
            stop.set()
            return
        if report:
            report(await run_in_db_thread(selectors.measure_progress, run), run.cost_micros)
        await filter_available(get_main_log().client, await run_in_db_thread(list_models, run))

    while not is_lost.is_set():
        await log_errors(renew)
        await asyncio.sleep(RENEW_SECONDS)


async def _work(run: CalibrationRun, stop: asyncio.Event) -> None:
    models = await run_in_db_thread(list_models, run)
    asker = RunAsker(run.pk, stop)

    async def ask_candidates() -> None:
        await asker.ask_all(await run_in_db_thread(plan_calls, run, models))

    if run.kind == CalibrationRun.Kind.FUSION:
        report = await measure_fusion(run, models, asker, ask_candidates)
        if report is not None:
            await run_in_db_thread(services.finish_run, run.pk, report=report)
        return
    await ask_candidates()
    if stop.is_set():
        return
    fit = await run_in_db_thread(_fit, run, models)
    await run_in_db_thread(_store_fit, run, fit)


def _fit(run: CalibrationRun, models: Sequence[LanguageModel]) -> CalibrationFit:
    refresh_weights()
    questions, answers = selectors.list_questions(run.pk), selectors.list_answers(run.pk)
    services.store_grades(grade_answers(questions, answers))
    return fit_run(questions, answers, models)


def _store_fit(run: CalibrationRun, fit: CalibrationFit) -> None:
    """Store the weights, and activate them where that is wanted and they are not worse."""
    version, is_used = None, False
    if fit.weights is not None:
        provenance = {**fit.weights.provenance, "calibration": run.pk, "source": run.source}
        version = save_version(replace(fit.weights, provenance=provenance), is_active=False)
        is_used = run.activates and (not fit.is_worse or run.activates_worse)
        if is_used:
            activate_version(version)
    services.finish_run(run.pk, report=fit.report | {"is_used": is_used}, version=version)
