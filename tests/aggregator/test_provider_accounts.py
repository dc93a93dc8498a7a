"""Accounts and keys that an admin adds decide by which key a model is called (issue 14, point 13)."""

import pickle
from dataclasses import asdict
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from aggregator.models import Listing, ProviderAccount, ProviderKey
from aggregator.providers.api_key import PLACEHOLDER_KEY, read_api_key
from aggregator.providers.errors import AuthFailed
from aggregator.resilience import throttle
from aggregator.services import provider_accounts
from aggregator.services.listings import list_offered_models, read_model, sync_listings
from aggregator.services.provider_accounts import AccountError, retire_key, save_account, set_key

pytestmark = pytest.mark.django_db
SECRET = "sk-canary-0123456789abcdef"


@pytest.fixture(autouse=True)
def nothing_at_hand(settings: Settings) -> None:
    """Offer nothing but what a test adds."""
    settings.READ_LOCAL_MODELS = dict
    settings.READ_PROVIDER_SECRET = lambda _name: ""
    settings.OPENAI_COMPATIBLE_URL = ""


def add_account(
    by: User, kind: str = "openai", name: str = "회사 계정", base_url: str = ""
) -> ProviderAccount:
    """Store an account."""
    account = ProviderAccount(kind=kind, name=name, base_url=base_url)
    save_account(account=account, by=by)
    return account


def add_model(
    account: ProviderAccount, alias: str = "our-best", model_id: str = "gpt-6-astra-2026-11-01"
) -> Listing:
    """Store a model of an account."""
    listing = Listing(
        slug=alias, account=account, input_price_micros=100, output_price_micros=400, output_limit=500,
        context_window=8_000, languages=["ko", "en"],
    )  # fmt: skip
    provider_accounts.save_custom_model(listing=listing, model_id=model_id)
    return listing


def test_a_key_brings_the_catalog_s_models_and_those_that_were_added(ada: User) -> None:
    sync_listings()
    account = add_account(ada)
    add_model(account)
    assert list_offered_models() == []
    set_key(account=account, secret=SECRET, by=ada)
    offered = {model.slug: model for model in list_offered_models()}
    assert {"our-best", "gpt-6-astra", "gpt-6.1-sol", "gpt-6-luna"} == set(offered)
    assert {read_api_key(model) for model in offered.values()} == {SECRET}
    added = offered["our-best"]
    assert (added.litellm_model, added.vendor) == ("openai/gpt-6-astra-2026-11-01", "OpenAI")
    assert (added.provider, added.temperature) == ("openai", 1.0)
    assert offered["gpt-6-astra"].first_token_ms == 60_000


def test_the_offer_is_one_query_with_accounts_too(
    ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sync_listings()
    for kind in ("openai", "anthropic"):
        set_key(account=add_account(ada, kind, kind), secret=SECRET, by=ada)
    with django_assert_num_queries(1):
        assert len(list_offered_models()) == 6


def test_an_admin_s_key_beats_the_environment_s_until_it_is_retired(ada: User, settings: Settings) -> None:
    settings.READ_PROVIDER_SECRET = {"OPENAI_API_KEY": "sk-environment"}.get
    sync_listings()
    keys = {read_api_key(model) for model in list_offered_models()}
    assert keys == {"sk-environment"}
    account = add_account(ada)
    key = set_key(account=account, secret=SECRET, by=ada)
    sync_listings()
    assert {read_api_key(model) for model in list_offered_models()} == {SECRET}
    retire_key(key=key, by=ada)
    sync_listings()
    assert {read_api_key(model) for model in list_offered_models()} == {"sk-environment"}


def test_a_key_is_rotated_and_retired_and_then_nothing_is_called_by_it(ada: User) -> None:
    account = add_account(ada)
    listing = add_model(account)
    first = set_key(account=account, secret=SECRET, by=ada)
    second = set_key(account=account, secret="sk-second-0123456789", by=ada)
    first.refresh_from_db()
    assert (first.sealed, first.retired_by) == ("", ada) and first.retired_at is not None
    assert (first.hint, second.hint) == ("…cdef", "…6789")
    (model,) = list_offered_models()
    assert (read_api_key(model), model.key_id) == ("sk-second-0123456789", second.pk)
    retire_key(key=second, by=ada)
    assert list_offered_models() == []
    listing.refresh_from_db()
    assert read_api_key(read_model(listing)) == PLACEHOLDER_KEY


def test_an_account_that_is_off_offers_nothing(ada: User) -> None:
    account = add_account(ada)
    add_model(account)
    set_key(account=account, secret=SECRET, by=ada)
    account.is_on = False
    save_account(account=account, by=ada)
    assert list_offered_models() == []


def test_a_server_needs_an_address_and_no_key(ada: User) -> None:
    with pytest.raises(AccountError, match="no_address"):
        add_account(ada, "openai_compatible")
    account = add_account(ada, "openai_compatible", base_url="http://10.0.0.7:8000/")
    add_model(account, "our-qwen", "Qwen/Qwen3-8B")
    (model,) = list_offered_models()
    assert (model.litellm_model, model.api_base) == ("openai/Qwen/Qwen3-8B", "http://10.0.0.7:8000/v1")
    assert read_api_key(model) == PLACEHOLDER_KEY


@pytest.mark.parametrize(
    "address",
    ["ftp://a.example", "http://", "https://me:secret@a.example", "https://a.example?key=1", "a.example"],
)
def test_an_address_is_whole_and_holds_no_password(ada: User, address: str) -> None:
    with pytest.raises(AccountError, match="bad_address"):
        add_account(ada, "openai_compatible", base_url=address)


@pytest.mark.parametrize("secret", ["", "  ", "two words", "한글", "line\nfeed", "x" * 501])
def test_a_key_that_no_header_can_hold_is_refused(ada: User, secret: str) -> None:
    with pytest.raises(AccountError, match="bad_key") as refused:
        set_key(account=add_account(ada), secret=secret, by=ada)
    assert secret.strip() == "" or secret not in str(refused.value)


def test_the_active_key_is_not_set_twice(ada: User) -> None:
    account = add_account(ada)
    set_key(account=account, secret=SECRET, by=ada)
    with pytest.raises(AccountError, match="same_key"):
        set_key(account=account, secret=f" {SECRET}\n", by=ada)
    assert ProviderKey.objects.count() == 1


@pytest.mark.parametrize("alias", ["", "Wise", "-a", "jjamppong", "gpt-6-astra", "taken", "a b", "a" * 81])
def test_an_alias_is_well_formed_and_free(ada: User, alias: str) -> None:
    account = add_account(ada)
    add_model(account, "taken")
    with pytest.raises(AccountError, match="bad_alias"):
        add_model(account, alias)


def test_a_synced_catalog_leaves_added_models_alone(ada: User) -> None:
    account = add_account(ada)
    listing = add_model(account)
    sync_listings()
    listing.refresh_from_db()
    assert (listing.litellm_model, listing.is_custom) == ("openai/gpt-6-astra-2026-11-01", True)


def test_two_accounts_of_one_vendor_are_throttled_apart(ada: User) -> None:
    for name in ("one", "two"):
        account = add_account(ada, name=name)
        add_model(account, name)
        set_key(account=account, secret=f"{SECRET}-{name}", by=ada)
    one, two = list_offered_models()
    assert throttle.account_key(one) != throttle.account_key(two)


def test_a_wrong_sealing_key_fails_as_a_rejected_key_does(ada: User, settings: Settings) -> None:
    account = add_account(ada)
    add_model(account)
    key = set_key(account=account, secret=SECRET, by=ada)
    settings.SEALING_SECRETS = ["another secret of at least 32 characters"]
    (model,) = list_offered_models()
    with pytest.raises(AuthFailed) as failed:
        read_api_key(model)
    assert SECRET not in str(failed.value) and failed.value.__cause__ is None
    assert provider_accounts.is_unreadable(key)
    assert provider_accounts.reseal_keys() == (0, 1)
    set_key(account=account, secret=SECRET, by=ada)
    assert read_api_key(list_offered_models()[0]) == SECRET


def test_keys_are_resealed_by_the_first_secret(ada: User, settings: Settings) -> None:
    account = add_account(ada)
    add_model(account)
    key = set_key(account=account, secret=SECRET, by=ada)
    new = "a new secret of at least 32 characters"
    settings.SEALING_SECRETS = [new, *settings.SEALING_SECRETS]
    assert provider_accounts.reseal_keys() == (1, 0)
    settings.SEALING_SECRETS = [new]
    assert read_api_key(list_offered_models()[0]) == SECRET
    before = key.sealed
    key.refresh_from_db()
    assert key.sealed != before


def test_a_model_on_its_way_holds_no_open_key(ada: User) -> None:
    account = add_account(ada)
    add_model(account)
    set_key(account=account, secret=SECRET, by=ada)
    (model,) = list_offered_models()
    assert SECRET.encode() not in pickle.dumps(model)
    assert SECRET not in f"{model!r}{asdict(model)}{list(ProviderKey.objects.values())}"


def test_the_database_keeps_one_active_key_and_none_of_a_retired_one(ada: User) -> None:
    account = add_account(ada)
    key = set_key(account=account, secret=SECRET, by=ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProviderKey.objects.create(account=account, sealed="x", digest="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        ProviderKey.objects.filter(pk=key.pk).update(sealed="")


def test_the_command_reseals_and_counts(ada: User, settings: Settings) -> None:
    set_key(account=add_account(ada), secret=SECRET, by=ada)
    settings.SEALING_SECRETS = ["a new secret of at least 32 characters", *settings.SEALING_SECRETS]
    output = StringIO()
    call_command("reseal_secrets", stdout=output)
    assert output.getvalue() == "1 provider keys resealed\n0 second factors resealed\n"
    settings.SEALING_SECRETS = ["another secret of at least 32 characters"]
    with pytest.raises(CommandError, match="1 provider keys are opened by none"):
        call_command("reseal_secrets", stdout=output)
