"""Reads of provider accounts for their pages: what their keys did, and what the environment provides."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from aggregator.catalog.provider_kinds import PROVIDER_KINDS
from aggregator.models import Listing, ProviderAccount, ProviderKey, ProviderTest, Usage

USE_PERIOD = dt.timedelta(days=30)
SHOWN_TESTS = 5


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A key of an account, its calls in USE_PERIOD, and when it was last used."""

    key: ProviderKey
    calls: int
    last_used_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class EnvironmentKey:
    """The models that a variable's key calls, and those that an account's key calls in its place."""

    kind: str
    name: str
    used: int
    replaced: int


def annotate_accounts(accounts: QuerySet[ProviderAccount]) -> QuerySet[ProviderAccount]:
    """Add the columns of the list: models, the active key's end, the last use and the last test."""
    active = ProviderKey.objects.filter(account=OuterRef("pk"), retired_at=None)
    calls = Usage.objects.filter(provider_key__account=OuterRef("pk")).order_by("-created_at")
    tests = ProviderTest.objects.filter(listing__account=OuterRef("pk")).exclude(
        status=ProviderTest.Status.RUNNING
    )
    return accounts.annotate(
        model_count=Count("listings"),
        active_key_id=Subquery(active.values("pk")[:1]),
        active_hint=Subquery(active.values("hint")[:1]),
        last_used_at=Subquery(calls.values("created_at")[:1]),
        last_test_status=Subquery(tests.values("status")[:1]),
        last_test_error=Subquery(tests.values("error")[:1]),
    )


def list_key_uses(account: ProviderAccount) -> list[KeyUse]:
    """Return an account's keys, the newest first, with their use."""
    calls = Usage.objects.filter(provider_key=OuterRef("pk")).order_by()
    recent = calls.filter(created_at__gte=timezone.now() - USE_PERIOD)
    counted = recent.values("provider_key").annotate(count=Count("pk"))
    keys = (
        ProviderKey.objects.filter(account=account)
        .select_related("created_by", "retired_by")
        .annotate(
            call_count=Coalesce(Subquery(counted.values("count")), 0),
            last_used_at=Subquery(calls.order_by("-created_at").values("created_at")[:1]),
        )
    )
    return [KeyUse(key, key.call_count, key.last_used_at) for key in keys]


def list_environment_keys() -> list[EnvironmentKey]:
    """Return the variables of provider keys by the models that the workers found them for.

    The rows tell it, not this process's environment: only workers have the keys.
    """
    counts = {
        row["provider"]: row
        for row in Listing.objects.filter(is_custom=False, is_reachable=True)
        .values("provider")
        .annotate(used=Count("pk", filter=Q(account=None)), replaced=Count("pk", filter=~Q(account=None)))
        .order_by()
    }
    nothing = {"used": 0, "replaced": 0}
    return [
        EnvironmentKey(kind.slug, kind.api_key_name, found["used"], found["replaced"])
        for kind in PROVIDER_KINDS.values()
        for found in (counts.get(kind.slug, nothing),)
    ]


def is_offered(listing: Listing) -> bool:
    """Return whether there is a key or a server for a model; the account's keys should be prefetched."""
    account = listing.account
    if account is None:
        return listing.is_reachable
    has_key = any(key.retired_at is None for key in account.keys.all())
    return account.is_on and (has_key or account.kind == ProviderAccount.Kind.COMPATIBLE)


def list_recent_tests(listing: Listing) -> list[ProviderTest]:
    """Return the last tests of a model, the newest first."""
    return list(listing.tests.select_related("created_by", "key")[:SHOWN_TESTS])
