"""Fits what ships for single models on a recorded calibration, and cross-validates what it gains."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from aggregator.calibration.measured_models import MeasuredComparison, compare_with_cold, fit_recorded
from aggregator.calibration.recorded_answers import read_recorded_answers, write_recorded_answers
from aggregator.pipeline.ranking.weights import MEASURED_MODELS

RECORDED = settings.BASE_DIR / "data" / "calibration" / "local_models.jsonl.gz"


class Command(BaseCommand):
    help = (
        "Fit the weights that ship for single models on recorded answers, and compare them with a cold start."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what is recorded or read, and what becomes of the weights."""
        parser.add_argument(
            "--run", type=int, nargs="+", metavar="ID", help="record these calibrations first"
        )
        parser.add_argument("--recorded", type=Path, default=RECORDED, help="the file of recorded answers")
        parser.add_argument("--ship", action="store_true", help="write the weights that ship, unless worse")

    def handle(self, *args: Any, **options: Any) -> None:
        """Record, fit, compare and write."""
        path: Path = options["recorded"]
        if options["run"]:
            self.stdout.write(f"{write_recorded_answers(options['run'], path)} questions written to {path}")
        try:
            rows = read_recorded_answers(path)
        except OSError as error:
            raise CommandError(f"cannot be read: {error}") from error
        comparison = compare_with_cold(rows)
        self.stdout.write(_format(comparison))
        if not options["ship"]:
            return
        if comparison.is_worse:
            raise CommandError("not written: it is worse than a cold start")
        document = fit_recorded(rows, comparison).to_json()
        MEASURED_MODELS.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
        self.stdout.write(f"written to {MEASURED_MODELS}")


def _format(comparison: MeasuredComparison) -> str:
    lines = [
        f"{comparison.questions} questions that all models answered, by ten-fold cross-validation:",
        f"  {'':22s} {'right':>7s} {'router':>7s} {'log-likelihood':>15s}",
        *(f"  {slug[:22]:22s} {right:7.1%}" for slug, right in comparison.models.items()),
    ]
    lines += [
        f"  {name:22s} {row.right:7.1%} {row.routed:7.1%} {row.likelihood:15.4f}"
        for name, row in (("cold start", comparison.cold), ("measured", comparison.measured))
    ]
    lines.append(f"  {'best possible choice':22s} {comparison.oracle:7.1%}")
    lines.append(f"log-likelihood gained by a question: {comparison.gain:+.4f} ± {comparison.gain_error:.4f}")
    return "\n".join(lines)
