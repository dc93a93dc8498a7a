import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ads.domain.auction import floor_price_micros
from ads.domain.money import format_won
from ads.models import Category
from ads.reporting.decision_trace import find_decision
from ads.selection.building.learned_models import latest_reserves
from ads.selection.core.click_rates import SMOOTHED

COLUMNS = (
    "{status:<17}{term:<24}{match:<8}{bid:>8}{left:>8}{pace:>6}{reserve:>9}{fit:>6}{smoothed:>9}{rate:>8}"
    "  {source:<12}{score:>10}  campaign {campaign}"
)


# Explanations of the reasons that do not explain themselves.
NO_AD_REASONS = {
    "sensitive": "a sensitivity gate blocked the request before selection, and nothing of it is stored",
    "not_adult": "the person may be a minor, and ADS_ADULTS_ONLY is on",
    "newcomer": "the person's first answer of the day, and ADS_SPARE_NEWCOMERS is on",
    "ad_load": "the person saw an ad within the last answers (ADS_ANSWERS_PER_AD)",
    "no_intent": "the prompt is not commercial (ADS_NONCOMMERCIAL_PERCENT) or work (ADS_MISSED_PERCENT)",
    "frequency": "the person saw every campaign that matched as often today as it allows",
    "frozen": "reconciliation failed and the market is frozen",
    "stopped": "the winner was switched off a moment before, and no snapshot or override had it yet",
    "no_match": "nobody bids on these terms, or the prompt contained more negatives than a request may name",
    "error": "the database failed",
}


class Command(BaseCommand):
    help = "Show how an ad request was decided: each contender with its status, scores and prices."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("request", help="the id of a request, as a turn's page shows it, or of an offer")
        parser.add_argument("--json", action="store_true", help="print the trace as it is stored")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["request"]
        trace = find_decision(name)
        if trace is None:
            raise CommandError(f"{name}: no trace and no offer of this request")
        if options["json"]:
            self.stdout.write(json.dumps(trace, ensure_ascii=False, indent=2))
            return
        self._print(trace)

    def _print(self, trace: dict[str, Any]) -> None:
        self.stdout.write(f"request   {json.dumps(trace['request'], ensure_ascii=False)}")
        if "repeats" in trace:
            self.stdout.write(f"repeats   {trace['repeats']}, the same request a moment before")
        self.stdout.write(f"inventory {trace['version'] or 'not used'}")
        if trace["price_micros"] is None:
            why = NO_AD_REASONS.get(trace["reason"])
            self.stdout.write(f"no ad     {trace['reason']}{f': {why}' if why else ''}")
        else:
            self.stdout.write(
                f"price     {format_won(trace['price_micros'])} won a click"
                f" (VCG {format_won(trace['shadow_price_micros'])}, explored {trace['is_explored']})"
            )
        if limits := trace.get("limits"):
            self.stdout.write(
                f"limits    intent from {limits['intent_percent']} %, work up to {limits['work_percent']} %,"
                f" fit from {limits['relevance']:.2f}"
            )
        if trace["contenders"]:
            self._print_contenders(trace)

    def _print_contenders(self, trace: dict[str, Any]) -> None:
        self.stdout.write(f"floor     {format_won(floor_price_micros(settings.ADS_FLOOR_WON))} won a click")
        self._print_reserves({line["category"] for line in trace["contenders"] if "category" in line})
        names = ("status", "match", "bid", "left", "pace", "reserve", "fit", "smoothed", "rate", "source")
        header = {name: name for name in (*names, "score")}
        self.stdout.write(COLUMNS.format(term="keyword", campaign="id", **header))
        for line in trace["contenders"]:
            self.stdout.write(
                COLUMNS.format(
                    status=line["rung"],
                    term=line["term"][:22],
                    match=line["match"],
                    bid=format_won(line["bid_micros"]),
                    # Stored only where it is less than the bid.
                    left="" if line.get("left_micros") is None else format_won(line["left_micros"]),
                    pace=f"{line['pace']:.2f}",
                    reserve=format_won(line["reserve_micros"]),
                    fit=f"{line['relevance']:.2f}",
                    # Older traces have no smoothed rate.
                    smoothed=f"{line.get('smoothed_rate', line['click_rate']):.4f}",
                    rate=f"{line['click_rate']:.4f}",
                    source=line.get("rate_source", SMOOTHED),
                    score=f"{line['score']:.0f}",
                    campaign=line["campaign"],
                )
            )

    def _print_reserves(self, categories: set[int]) -> None:
        names = {Category.values[place] for place in categories}
        for learned in latest_reserves().filter(category__in=names):
            self.stdout.write(
                f"reserve   {learned.category} {format_won(learned.reserve_micros)} won since"
                f" {learned.created_at:%Y-%m-%d %H:%M}: {learned.provenance},"
                f" income {learned.income_gain:+.1%}, fill loss {learned.fill_loss:.1%}"
            )
