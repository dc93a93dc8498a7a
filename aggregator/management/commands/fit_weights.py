"""Fits the weights of voting and ranking from a folder of recorded answers."""

import hashlib
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aggregator.pipeline.ranking.weights import DEFAULT_WEIGHTS, dump_weights
from aggregator.storage.model_weights import save_version
from aggregator.training.fit_default_weights import fit_default_weights
from aggregator.training.recordings import read_rated_sets, read_recorded_sets


class Command(BaseCommand):
    help = "Fit vote calibration and style on recorded answers and activate them; no text is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--data", type=Path, required=True, help="folder with short_answers/ and open_answers/"
        )
        parser.add_argument(
            "--ship", action="store_true", help="write the weights that ship instead of storing them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["data"]
        short = read_recorded_sets(folder)
        if not short:
            raise CommandError(f"no recorded answers in {folder}")
        opens = read_rated_sets(folder)
        weights = fit_default_weights(
            [recorded.responses(recorded.models) for recorded in short],
            opens,
            _hash_files(folder),
            [recorded.name_kinds() for recorded in short],
        )
        if options["ship"]:
            DEFAULT_WEIGHTS.write_text(
                json.dumps(dump_weights(weights), ensure_ascii=False, indent=1) + "\n", "utf-8"
            )
        else:
            save_version(weights)
        self.stdout.write(
            f"{weights.version}: {len(short)} sets of short answers, {len(opens)} of rated responses"
        )
        for kind, found in weights.calibration.items():
            self.stdout.write(f"{kind}: calibration error {found.error:.3f} on {found.questions} questions")


def _hash_files(folder: Path) -> dict[str, str]:
    """Return the first 16 hex digits of the SHA-256 of every file read, by path, for reproducible fits."""
    files = sorted([*folder.glob("short_answers/*.gz"), *folder.glob("open_answers/*.gz")])
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in files
    }
