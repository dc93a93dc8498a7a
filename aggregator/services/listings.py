"""Syncs the catalog into listings, which an admin may switch, price and limit, and reads them as models."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, FilteredRelation, Q
from django.utils.text import slugify

from aggregator.catalog.catalog import LanguageModel, read_catalog
from aggregator.catalog.provider_kinds import PROVIDER_KINDS
from aggregator.catalog.vendors import format_vendor
from aggregator.models import Listing, ProviderAccount
from aggregator.providers.discovery import ServedModel, list_served_models
from aggregator.providers.errors import ProviderError
from aggregator.services.provider_accounts import link_catalog_models, with_version

logger = logging.getLogger(__name__)

CUSTOM_PROVIDER = "openai_compatible"
CUSTOM_KEY_NAME = "OPENAI_COMPATIBLE_KEY"
# For a server that does not report its context window.
CUSTOM_CONTEXT_WINDOW = 8_192
CUSTOM_STANDING = 0.5

# An admin's value of these fields stays; the other fields always follow the catalog.
OVERRIDABLE_FIELDS = (
    "input_price_micros",
    "output_price_micros",
    "concurrency",
    "context_window",
    "output_limit",
    "standing",
    "can_fuse",
    "languages",
    "name",
)


def sync_listings() -> None:
    """Update the listings from the catalog, the provider keys and the servers that answer.

    Runs where the provider keys are; every other process reads from the rows what is reachable.
    """
    offers = _find_catalog_offers() + _find_custom_offers()
    with transaction.atomic():
        rows = {row.slug: row for row in Listing.objects.select_for_update()}
        for model, is_reachable in offers:
            _update_row(rows.get(model.slug), model, is_reachable=is_reachable)
        known = [model.slug for model, _ in offers]
        Listing.objects.exclude(slug__in=known).update(is_reachable=False)
        link_catalog_models()


def list_offered_models() -> list[LanguageModel]:
    """Return the models that are switched on and can be called, with the admin's values, best first.

    A model of an account carries the account's key, sealed.
    """
    rows = (
        Listing.objects.filter(is_on=True)
        .annotate(
            active_key=FilteredRelation("account__keys", condition=Q(account__keys__retired_at=None)),
            key_id=F("active_key__id"),
            sealed_key=F("active_key__sealed"),
        )
        .filter(
            Q(account=None, is_reachable=True)
            | Q(account__is_on=True, active_key__isnull=False)
            | Q(account__is_on=True, account__kind=ProviderAccount.Kind.COMPATIBLE)
        )
        .select_related("account")
        .order_by("-standing", "slug")
    )
    return [_as_model(row, key_id=row.key_id, sealed_key=row.sealed_key or "") for row in rows]


def may_fuse(listing: Listing) -> bool:
    """Return whether a model may fuse answers: what was measured, else what the catalog or an admin says."""
    return listing.can_fuse if listing.fusion_verdict is None else listing.fusion_verdict


def store_fusion_verdict(*, slug: str, may_fuse: bool) -> None:
    """Store what was measured of a model's fused answers; processes read it within seconds."""
    Listing.objects.filter(slug=slug).update(fusion_verdict=may_fuse)


def read_model(listing: Listing) -> LanguageModel:
    """Return one listing as a model, also while it is not offered."""
    account = listing.account
    key = account and account.keys.filter(retired_at=None).first()
    return _as_model(listing, key_id=key.pk if key else None, sealed_key=key.sealed if key else "")


def _find_catalog_offers() -> list[tuple[LanguageModel, bool]]:
    local = settings.READ_LOCAL_MODELS()
    offers = []
    for model in read_catalog().values():
        if model.provider == "local":
            address = with_version(local.get(model.slug, ""))
            offers.append((replace(model, api_base=address), bool(address)))
        else:
            offers.append((model, bool(settings.READ_PROVIDER_SECRET(model.api_key_name))))
    return offers


def _find_custom_offers() -> list[tuple[LanguageModel, bool]]:
    address = settings.OPENAI_COMPATIBLE_URL
    if not address:
        return []
    address = with_version(address)
    try:
        served = asyncio.run(list_served_models(address, settings.READ_PROVIDER_SECRET(CUSTOM_KEY_NAME)))
    except ProviderError as error:
        logger.warning("OPENAI_COMPATIBLE_URL cannot be asked for its models: %s", error)
        return []
    offers = {model.slug: (model, True) for model in (_describe_custom(one, address) for one in served)}
    return list(offers.values())


def _describe_custom(served: ServedModel, address: str) -> LanguageModel:
    window = served.context_window or CUSTOM_CONTEXT_WINDOW
    return LanguageModel(
        slug=f"own-{slugify(served.name.replace('/', '-').replace(':', '-').replace('.', '-'))}"[:80],
        name=(served.title or served.name)[:120],
        # The vendor that made the model, whichever server it runs on.
        vendor=format_vendor(served.name)[:40],
        provider=CUSTOM_PROVIDER,
        litellm_model=f"openai/{served.name}"[:160],
        context_window=window,
        output_limit=min(4_096, window // 2),
        input_price_micros=0,
        output_price_micros=0,
        languages=("ko", "en"),
        standing=served.standing or CUSTOM_STANDING,
        concurrency=16,
        api_base=address,
        api_key_name=CUSTOM_KEY_NAME,
    )


def _update_row(row: Listing | None, model: LanguageModel, *, is_reachable: bool) -> None:
    cataloged = {name: _as_json(getattr(model, name)) for name in OVERRIDABLE_FIELDS}
    if row is None:
        row = Listing(slug=model.slug, **cataloged)
    if row.is_custom:
        # An admin was first to use the name.
        return
    for name, value in cataloged.items():
        if name in row.as_cataloged and getattr(row, name) == row.as_cataloged[name]:
            setattr(row, name, value)
    row.vendor, row.provider = model.vendor, model.provider
    row.litellm_model = model.litellm_model
    row.is_reachable = is_reachable
    if is_reachable:
        row.api_base = model.api_base
    row.as_cataloged = cataloged
    row.save()


def _as_json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _as_model(row: Listing, *, key_id: int | None, sealed_key: str) -> LanguageModel:
    known = None if row.is_custom else read_catalog().get(row.slug)
    overrides = {name: getattr(row, name) for name in OVERRIDABLE_FIELDS if name != "languages"}
    model = replace(
        known or _describe_uncataloged(row),
        **overrides | {"can_fuse": may_fuse(row)},
        languages=tuple(row.languages),
        api_base=row.api_base,
    )
    if row.account is None:
        return model
    api_base = row.account.base_url or row.api_base or PROVIDER_KINDS[row.account.kind].api_base
    account = str(row.account.pk)
    return replace(model, api_base=api_base, account=account, key_id=key_id, sealed_key=sealed_key)


def _describe_uncataloged(row: Listing) -> LanguageModel:
    model = LanguageModel(
        slug=row.slug,
        name=row.name,
        vendor=row.vendor,
        provider=row.provider,
        litellm_model=row.litellm_model,
        context_window=row.context_window,
        output_limit=row.output_limit,
        input_price_micros=row.input_price_micros,
        output_price_micros=row.output_price_micros,
        languages=tuple(row.languages),
        standing=row.standing,
        api_key_name=CUSTOM_KEY_NAME,
    )
    if row.account is None:
        return model
    return replace(model, api_key_name="", temperature=PROVIDER_KINDS[row.account.kind].temperature)
