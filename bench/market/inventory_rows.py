"""Stores the rows of a synthetic inventory in the database, as far as requests and offers refer to them."""

from collections.abc import Iterator
from itertools import chain

from django.db import connection, models
from django.utils import timezone

from ads.models import AdGroup, Advertiser, Campaign, Creative, Keyword, Offer
from ads.selection.core.inventory import Inventory
from language.keyphrases import normalise

Row = dict[str, object]
CLEARED = (Offer, Keyword, Creative, AdGroup, Campaign, Advertiser)


def store_rows(inventory: Inventory) -> None:
    """Replace the advertisers, campaigns, ad groups, creatives and keywords of the database by these."""
    with connection.cursor() as cursor:
        tables = ", ".join(model._meta.db_table for model in CLEARED)
        cursor.execute(f"TRUNCATE {tables} CASCADE")
        # The rows are consistent: checking half a million references takes longer than writing them.
        cursor.execute("SET session_replication_role = replica")
        _copy(Advertiser, _advertisers(inventory))
        _copy(Campaign, _campaigns(inventory))
        _copy(AdGroup, _groups(inventory))
        _copy(Creative, _creatives(inventory))
        _copy(Keyword, _keywords(inventory))
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("ANALYZE")


def _copy(model: type[models.Model], rows: Iterator[Row]) -> None:
    at = timezone.now()
    first = next(rows)
    columns = ", ".join([*first, "created_at", "updated_at"])
    statement = f"COPY {model._meta.db_table} ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in chain([first], rows):
            copy.write_row([*row.values(), at, at])


def _advertisers(inventory: Inventory) -> Iterator[Row]:
    for number in sorted({campaign.advertiser for campaign in inventory.campaigns}):
        yield {
            "id": number,
            "public_id": _uuid(number),
            "name": f"Advertiser {number}",
            "status": "active",
            "is_demo": False,
            "own_networks": "[]",
        }


def _campaigns(inventory: Inventory) -> Iterator[Row]:
    for campaign in inventory.campaigns:
        yield {
            "id": campaign.id,
            "public_id": _uuid(campaign.id),
            "advertiser_id": campaign.advertiser,
            "name": f"Campaign {campaign.id}",
            "category": campaign.category,
            "status": "active",
            "starts_at": timezone.now(),
            "daily_budget_micros": 10**12,
            "leased_micros": 0,
            "daily_views_a_person": campaign.views_a_person,
        }


def _groups(inventory: Inventory) -> Iterator[Row]:
    for group in inventory.groups:
        yield {
            "id": group.id,
            "public_id": _uuid(group.id),
            "campaign_id": group.campaign,
            "name": f"Group {group.id}",
            "default_bid_micros": 10**8,
            "device": group.device,
            "language": group.language,
            "topics": "[]",
            "hints": "[]",
            "is_on": True,
        }


def _creatives(inventory: Inventory) -> Iterator[Row]:
    for group in inventory.groups:
        for creative in group.creatives:
            yield {
                "id": creative.id,
                "public_id": _uuid(creative.id),
                "ad_group_id": group.id,
                "lineage": _uuid(creative.id),
                "version": 1,
                "title": f"Ad {creative.id}",
                "body": "What there is to say about it.",
                "landing_url": f"https://shop.example/{creative.id}",
                "display_domain": "shop.example",
                "is_ai_generated": False,
                "is_on": True,
                "review": "approved",
                "review_reason": "",
            }


def _keywords(inventory: Inventory) -> Iterator[Row]:
    texts = {term.id: term.text for term in inventory.terms}
    for keyword in inventory.keywords:
        yield {
            "id": keyword.id,
            "ad_group_id": keyword.group,
            "text": texts[keyword.term][:80],
            # Begins with the id: by chance a group can hold the same phrase twice.
            "norm": f"{keyword.id} {normalise(texts[keyword.term])}"[:120],
            "match": keyword.match,
            "bid_micros": keyword.bid_micros,
            "is_on": True,
        }


def _uuid(number: int) -> str:
    return f"{number:032x}"
