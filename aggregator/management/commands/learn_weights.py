"""Learns from live turns, without labels, how often models are right."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from aggregator.calibration.background import yield_processor
from aggregator.calibration.live_learning import MIN_TURNS, learn_from_turns

_OUTCOMES = {
    "too_few": f"{{turns}} turns with comparable answers are too few to learn from: {MIN_TURNS} are needed",
    "unchanged": "{turns} turns say what is known already",
    "used": "{turns} turns: version {version} is in use, {gain:+.4f} in mean log-likelihood",
    "worse": "{turns} turns: version {version} is stored and not used, {gain:+.4f} in mean log-likelihood",
}


class Command(BaseCommand):
    help = "Fit how often models are right on the agreement of live turns."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add how it runs beside others."""
        parser.add_argument("--background", action="store_true", help="leave the processor to others")

    def handle(self, *args: Any, **options: Any) -> None:
        """Learn, and print what became of it."""
        if options["background"]:
            yield_processor()
        lesson = learn_from_turns()
        text = _OUTCOMES[lesson.outcome]
        self.stdout.write(text.format(turns=lesson.turns, version=lesson.version, gain=lesson.gain))
