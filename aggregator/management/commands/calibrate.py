"""Asks the models on offer labelled questions and fits the ensemble's weights on their answers."""

import asyncio
import contextlib
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from aggregator.calibration.background import yield_processor
from aggregator.calibration.estimate import estimate_run
from aggregator.calibration.question_file import (
    QuestionFileError,
    find_shipped_set,
    read_question_file,
    shuffle_questions,
)
from aggregator.calibration.recorded_questions import read_open_questions, read_recorded_questions
from aggregator.calibration.report_text import format_estimate, format_progress, format_result
from aggregator.calibration.run import build_question, carry_out, list_models
from aggregator.execution import runner
from aggregator.execution.model_paces import measure_paces
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import CalibrationRun
from aggregator.selectors.calibration_runs import RunProgress, find_run, list_questions
from aggregator.services import calibration_runs
from aggregator.services.calibration_runs import CalibrationOrder, NewQuestion
from aggregator.services.listings import list_offered_models

WON = 1_000_000


class Command(BaseCommand):
    _last_line = ""
    help = "Ask the models on offer labelled questions, fit weights, and show what they gain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what is asked, of whom, for how much, and what becomes of the weights."""
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--questions", type=Path, help="CSV file: question, answer, topic, kind")
        source.add_argument("--data", type=Path, help="folder of recorded sets with short_answers/")
        source.add_argument("--resume", type=int, metavar="ID", help="go on with a calibration")
        parser.add_argument("--models", nargs="+", default=[], metavar="SLUG", help="default: all on offer")
        parser.add_argument("--limit", type=int, help="ask so many of the questions")
        parser.add_argument("--budget", type=float, metavar="WON", help="the most that it may cost")
        parser.add_argument("--fusion", action="store_true", help="measure which models may fuse answers")
        parser.add_argument("--activate", action="store_true", help="use the weights unless they are worse")
        parser.add_argument("--even-if-worse", action="store_true", help="with --activate: use them anyway")
        parser.add_argument("--background", action="store_true", help="leave the processor to others")
        parser.add_argument("--yes", action="store_true", help="start without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create or find the run, show what it will cost, and carry it out."""
        if options["background"]:
            yield_processor()
        try:
            with translation.override("en"):
                run = self._find(options) if options["resume"] else self._create(options)
        except QuestionFileError as error:
            with translation.override("en"):
                raise CommandError(str(error)) from error
        if not self._confirm(run, is_sure=options["yes"]):
            raise CommandError(f"not started; --resume {run.pk} starts it")
        if run.status == CalibrationRun.Status.RUNNING or calibration_runs.start_run(run.pk):
            self._carry_out(run)
        self._print_result(run.pk)

    def _find(self, options: dict[str, Any]) -> CalibrationRun:
        run = find_run(options["resume"])
        if run is None:
            raise CommandError(f"there is no calibration {options['resume']}")
        if options["budget"] is not None:
            calibration_runs.set_budget(run.pk, _read_budget(options["budget"]))
        return find_run(run.pk) or run

    def _create(self, options: dict[str, Any]) -> CalibrationRun:
        offered = [model.slug for model in list_offered_models()]
        if unknown := sorted(set(options["models"]) - set(offered)):
            raise CommandError(f"not on offer: {', '.join(unknown)}; on offer: {', '.join(offered)}")
        if not offered:
            raise CommandError("no model is on offer")
        source, questions = _read_questions(options)
        questions = shuffle_questions(questions)[: options["limit"]]
        order = CalibrationOrder(
            source=source,
            panel=options["models"] or offered,
            kind=CalibrationRun.Kind.FUSION if options["fusion"] else CalibrationRun.Kind.ANSWERS,
            budget_micros=None if options["budget"] is None else _read_budget(options["budget"]),
            activates=options["activate"],
            activates_worse=options["even_if_worse"],
            questions=questions,
        )
        return calibration_runs.create_run(order)

    def _confirm(self, run: CalibrationRun, *, is_sure: bool) -> bool:
        questions = [build_question(row) for row in list_questions(run.pk)]
        models, judges = list_models(run), list_offered_models()
        estimate = estimate_run(questions, models, kind=run.kind, paces=measure_paces(), judges=judges)
        self.stdout.write(format_estimate(estimate, run, len(questions)))
        return is_sure or input("Start? [y/N] ").strip().lower() in {"y", "yes"}

    def _carry_out(self, run: CalibrationRun) -> None:
        if not asyncio.run(self._run_here(run.pk)):
            raise CommandError(f"another process carries out calibration {run.pk}")

    async def _run_here(self, run_id: int) -> bool:
        stop, interrupted = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            interrupted.set()
            stop.set()

        # A terminal's interrupt ends the run until it is resumed; SIGTERM leaves it to the next process.
        with contextlib.suppress(RuntimeError, ValueError):
            loop.add_signal_handler(signal.SIGINT, interrupt)
            loop.add_signal_handler(signal.SIGTERM, stop.set)
        try:
            is_done = await carry_out(run_id, stop=stop, report=self._report)
            if interrupted.is_set():
                await run_in_db_thread(calibration_runs.cancel_run, run_id)
        finally:
            await runner.close_loop_resources()
        return is_done

    def _report(self, progress: RunProgress, cost_micros: int) -> None:
        line = format_progress(progress, cost_micros)
        if line != self._last_line:
            self._last_line = line
            self.stdout.write(line)

    def _print_result(self, run_id: int) -> None:
        run = find_run(run_id)
        if run is None:
            raise CommandError("the calibration was deleted")
        if run.status in {CalibrationRun.Status.STOPPED, CalibrationRun.Status.RUNNING}:
            self.stdout.write(f"stopped; go on with --resume {run.pk}")
            return
        self.stdout.write(format_result(run))
        if run.status == CalibrationRun.Status.FAILED:
            raise CommandError(f"failed; try again with --resume {run.pk}")


def _read_budget(won: float) -> int:
    if not 0 <= won < 1e9:
        raise CommandError("--budget is an amount of won from 0")
    return round(won * WON)


def _read_questions(options: dict[str, Any]) -> tuple[str, list[NewQuestion]]:
    try:
        if folder := options["data"]:
            found = read_open_questions(folder) if options["fusion"] else read_recorded_questions(folder)
            if not found:
                raise CommandError(f"no recorded questions with a text in {folder}")
            return str(folder), found
        path = options["questions"] or find_shipped_set(needs_answers=not options["fusion"])
        return path.name, read_question_file(path.read_bytes(), needs_answers=not options["fusion"])
    except OSError as error:
        raise CommandError(f"cannot be read: {error}") from error
