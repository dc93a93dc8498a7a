"""Loads the demo advertisers of a first start; loading again only adds what is missing."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from ads.campaigns.keywords import KeywordSpec, add_missing_keywords, add_missing_negatives
from ads.domain.money import WON
from ads.ledger.accounts import open_wallet
from ads.ledger.entries import top_up
from ads.models import Account, AdGroup, Advertiser, Campaign, Creative, Keyword

FOLDER = Path(__file__).parent
LANGUAGES = {"korean.toml": "ko", "english.toml": "en"}
INITIAL_CREDIT = 1_000_000 * WON
DAILY_BUDGET = 50_000 * WON


def load_demo() -> int:
    """Load the demo inventory from its files; return the number of campaigns."""
    entries = read_demo()
    for entry in entries:
        with transaction.atomic():
            _load_campaign(entry, entry["language"])
    return len(entries)


@cache
def read_demo() -> tuple[dict[str, Any], ...]:
    """Return the demo campaigns as their files describe them, each with its language."""
    return tuple(
        entry | {"language": language}
        for name, language in LANGUAGES.items()
        for entry in tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))["campaign"]
    )


def _load_campaign(demo: dict[str, Any], language: str) -> None:
    advertiser, _ = Advertiser.objects.get_or_create(name=demo["advertiser"], is_demo=True)
    open_wallet(advertiser)
    top_up(advertiser, INITIAL_CREDIT, key=f"demo:{advertiser.id}", source=Account.Kind.GRANT, note="demo")
    campaign, _ = Campaign.objects.get_or_create(
        advertiser=advertiser,
        name=demo["name"],
        defaults={
            "category": demo["category"],
            "status": Campaign.Status.ACTIVE,
            "daily_budget_micros": DAILY_BUDGET,
            "starts_at": timezone.now(),
        },
    )
    group, _ = AdGroup.objects.get_or_create(
        campaign=campaign,
        name=demo["name"],
        defaults={
            "default_bid_micros": demo["bid_won"] * WON,
            "language": language,
            "topics": demo["topics"],
        },
    )
    keywords = [KeywordSpec(text, match) for match in Keyword.Match.values for text in demo.get(match, ())]
    add_missing_keywords(group, keywords)
    add_missing_negatives(campaign, None, demo.get("negatives", ()))
    Creative.objects.get_or_create(
        ad_group=group,
        landing_url=f"/ads/demo/{demo['slug']}/",
        defaults={
            "title": demo["title"],
            "body": demo["body"],
            "display_domain": demo["domain"],
            "review": Creative.Review.APPROVED,
            "reviewed_at": timezone.now(),
        },
    )
