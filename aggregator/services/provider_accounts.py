"""Writes of provider accounts, their keys and the models that an admin adds."""

import re
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from accounts.sealing import UnreadableSecretError, reseal, seal
from aggregator.catalog.catalog import read_catalog
from aggregator.catalog.provider_kinds import PROVIDER_KINDS, join_litellm_model
from aggregator.catalog.vendors import format_vendor
from aggregator.models import Listing, ProviderAccount, ProviderKey

DIGEST_SALT = "aggregator.provider_key"
HINT_CHARS = 4
# Of a shorter key the last characters would be too large a part.
MIN_HINTED_CHARS = 16
# Header values: no spaces, no line feeds, nothing that aiohttp would refuse or split.
SECRET_FORM = re.compile(r"[\x21-\x7e]{1,500}")
# Without a query and a fragment, to which no path can be added.
URL_FORM = re.compile(r"[^\s?#]{1,190}")
ALIAS_FORM = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
# The name under which the API offers the ensemble.
RESERVED_ALIASES = {"jjamppong"}


class AccountError(Exception):
    """An admin's change of an account, key or model is not possible; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@transaction.atomic
def save_account(*, account: ProviderAccount, by: User) -> None:
    """Store an account; raises AccountError for an address that is none, or that holds a password."""
    account.base_url = clean_base_url(kind=account.kind, base_url=account.base_url)
    if account._state.adding:
        account.created_by = by
    account.save()
    link_catalog_models()


@sensitive_variables("secret")
@transaction.atomic
def set_key(*, account: ProviderAccount, secret: str, by: User) -> ProviderKey:
    """Store an account's new key and retire the one before; raises AccountError.

    The catalog's models of its kind are called by it from now on, also where the environment has a key.
    """
    secret = secret.strip()
    # Two admins who change a key at the same moment wait for each other.
    ProviderAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    check_secret(account=account, secret=secret)
    if active := find_active_key(account):
        _retire(active, by)
    key = ProviderKey.objects.create(
        account=account,
        sealed=seal(secret),
        hint=f"…{secret[-HINT_CHARS:]}" if len(secret) >= MIN_HINTED_CHARS else "",
        digest=_digest(secret),
        created_by=by,
    )
    link_catalog_models()
    return key


@sensitive_variables("secret")
def check_secret(*, account: ProviderAccount, secret: str) -> None:
    """Raise AccountError for a key that no request can carry, or that is the active one already."""
    if not SECRET_FORM.fullmatch(secret):
        raise AccountError("bad_key")
    active = None if account._state.adding else find_active_key(account)
    if active and constant_time_compare(active.digest, _digest(secret)) and not is_unreadable(active):
        raise AccountError("same_key")


@transaction.atomic
def retire_key(*, key: ProviderKey, by: User) -> None:
    """Delete a key's secret: nothing is called by it any more; its history stays.

    The catalog's models of the account go back to the environment's key, if there is one.
    """
    locked = ProviderKey.objects.select_for_update().get(pk=key.pk)
    if locked.retired_at is None:
        Listing.objects.filter(account=locked.account_id, is_custom=False).update(account=None)
        _retire(locked, by)


def find_active_key(account: ProviderAccount) -> ProviderKey | None:
    """Return the key that calls the account's models."""
    return ProviderKey.objects.filter(account=account, retired_at=None).first()


def is_unreadable(key: ProviderKey) -> bool:
    """Return whether the keys of this installation do not open a sealed key."""
    try:
        reseal(key.sealed)
    except UnreadableSecretError:
        return True
    return False


def link_catalog_models() -> None:
    """Let the accounts that have a key call the catalog's models of their kinds; the oldest comes first."""
    accounts = ProviderAccount.objects.filter(is_on=True, keys__retired_at=None, keys__isnull=False)
    for account in accounts.order_by("pk"):
        Listing.objects.filter(provider=account.kind, account=None, is_custom=False).exclude(
            provider=ProviderAccount.Kind.COMPATIBLE
        ).update(account=account)


@transaction.atomic
def save_custom_model(*, listing: Listing, model_id: str) -> None:
    """Store an added model; `model_id` is its exact name at the provider. Raises AccountError."""
    account = listing.account
    if account is None or not model_id:
        raise AccountError("no_account")
    if listing._state.adding and not is_free_alias(listing.slug):
        raise AccountError("bad_alias")
    listing.is_custom = True
    listing.provider = account.kind
    listing.litellm_model = join_litellm_model(PROVIDER_KINDS[account.kind], model_id)
    listing.name = listing.name or model_id[:120]
    listing.vendor = listing.vendor or format_vendor(model_id)[:40]
    listing.save()


def is_free_alias(alias: str) -> bool:
    """Return whether a new model may have an alias, by its form and the other models'."""
    return (
        bool(ALIAS_FORM.fullmatch(alias))
        and alias not in RESERVED_ALIASES
        and alias not in read_catalog()
        and not Listing.objects.filter(slug=alias).exists()
    )


def reseal_keys() -> tuple[int, int]:
    """Seal all keys by the first secret; return how many were resealed and how many cannot be opened."""
    resealed = unreadable = 0
    for pk in list(ProviderKey.objects.filter(retired_at=None).values_list("pk", flat=True)):
        with transaction.atomic():
            key = ProviderKey.objects.select_for_update().get(pk=pk)
            if key.retired_at:
                continue
            try:
                key.sealed = reseal(key.sealed)
            except UnreadableSecretError:
                unreadable += 1
                continue
            key.save(update_fields=["sealed"])
            resealed += 1
    return resealed, unreadable


def _retire(key: ProviderKey, by: User) -> None:
    key.sealed, key.retired_by, key.retired_at = "", by, timezone.now()
    key.save(update_fields=["sealed", "retired_by", "retired_at"])


@sensitive_variables("secret")
def _digest(secret: str) -> str:
    return salted_hmac(DIGEST_SALT, secret, algorithm="sha256").hexdigest()


def clean_base_url(*, kind: str, base_url: str) -> str:
    """Return an account's address as it is stored; raises AccountError."""
    url = base_url.strip().rstrip("/")
    is_server = kind == ProviderAccount.Kind.COMPATIBLE
    if not url:
        if is_server:
            raise AccountError("no_address")
        return ""
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_plain = False
    # A password in an address would be shown on pages and stored unsealed.
    if not is_plain or not URL_FORM.fullmatch(url) or parts.username or parts.password:
        raise AccountError("bad_address")
    return with_version(url) if is_server else url


def with_version(address: str) -> str:
    """Return the address of an OpenAI-compatible server with the version that its paths begin with."""
    address = address.rstrip("/")
    return address if not address or re.search(r"/v\d+[a-z0-9]*(/openai)?$", address) else f"{address}/v1"
