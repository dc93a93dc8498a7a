"""Turns and test calls use the key of an admin's account, and each call is stored with its key."""

import asyncio
import logging

import pytest

from accounts.models import User
from aggregator.execution import runner
from aggregator.execution.setup import forget_snapshot
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Listing, ProviderAccount, ProviderKey, ProviderTest, Turn, Usage
from aggregator.services import turns
from aggregator.services.provider_accounts import retire_key, save_account, save_custom_model, set_key
from aggregator.services.provider_checks import run_test, start_test
from testing.provider.server import ProviderServer, Script, say

pytestmark = pytest.mark.django_db(transaction=True)
FIRST, SECOND = "sk-canary-first-0123456789", "sk-canary-second-0123456789"


@pytest.fixture
def account(provider: ProviderServer, ada: User) -> ProviderAccount:
    """An account at the scripted server, with a key and one model named `ours`."""
    account = ProviderAccount(name="회사 서버", kind="openai_compatible", base_url=provider.url)
    save_account(account=account, by=ada)
    set_key(account=account, secret=FIRST, by=ada)
    provider.add("Org/Exact-Name-1", say("네"))
    listing = Listing(
        slug="ours", account=account, input_price_micros=100, output_price_micros=400, output_limit=500,
        context_window=8_000, languages=["ko", "en"],
    )  # fmt: skip
    save_custom_model(listing=listing, model_id="Org/Exact-Name-1")
    return account


async def ask_ours(ada: User) -> Turn:
    """Ask the account's model and return the finished turn."""
    request = turns.TurnRequest("한국의 수도는?", panel=("ours",))
    turn = await run_in_db_thread(lambda: turns.open_turn(owner=ada, request=request))
    await runner.run_turn(turn.public_id)
    await runner.close_loop_resources()
    return await run_in_db_thread(Turn.objects.get, pk=turn.pk)


def sent_keys(provider: ProviderServer) -> list[str]:
    """Return the keys that the provider got, in order."""
    return [request.headers["Authorization"] for request in provider.requests_for("Org/Exact-Name-1")]


def test_a_call_is_made_by_the_newest_key_and_stored_with_it(
    provider: ProviderServer, account: ProviderAccount, ada: User
) -> None:
    assert asyncio.run(ask_ours(ada)).status == Turn.Status.DONE
    second = set_key(account=account, secret=SECOND, by=ada)
    assert asyncio.run(ask_ours(ada)).status == Turn.Status.DONE
    assert sent_keys(provider) == [f"Bearer {FIRST}", f"Bearer {SECOND}"]
    first = ProviderKey.objects.exclude(pk=second.pk).get()
    assert list(Usage.objects.order_by("pk").values_list("provider_key", flat=True)) == [first.pk, second.pk]


def test_a_retired_key_is_not_used_once_more(
    provider: ProviderServer, account: ProviderAccount, ada: User
) -> None:
    retire_key(key=account.keys.get(), by=ada)
    ProviderAccount.objects.update(kind="openai")
    forget_snapshot()
    assert asyncio.run(ask_ours(ada)).status != Turn.Status.DONE
    assert sent_keys(provider) == []


def test_a_test_call_tells_what_the_model_said(
    provider: ProviderServer, account: ProviderAccount, ada: User
) -> None:
    test = start_test(listing=account.listings.get(), by=ada)
    run_test(test.pk)
    test.refresh_from_db()
    assert (test.status, test.text, test.error) == ("passed", "네", "")
    assert test.ttft_ms is not None and test.finished_at is not None and test.key == account.keys.get()
    assert test.cost_micros == test.input_tokens * 100 + test.output_tokens * 400 > 0
    (request,) = provider.requests_for("Org/Exact-Name-1")
    assert request.body["max_tokens"] == 16


@pytest.mark.parametrize(
    ("script", "status", "error"),
    [
        (Script(status=401, error="invalid_api_key"), "failed", "auth_failed"),
        (Script(status=404, error="model_not_found"), "failed", "unknown_model"),
        (Script(pieces=(), finish="length"), "passed", "empty"),
    ],
)
def test_a_test_call_tells_why_it_failed(
    provider: ProviderServer, account: ProviderAccount, ada: User, script: Script, status: str, error: str
) -> None:
    provider.add("Org/Exact-Name-1", script)
    test = start_test(listing=account.listings.get(), by=ada)
    run_test(test.pk)
    test.refresh_from_db()
    assert (test.status, test.error) == (status, error)
    assert test.finished_at is not None


def test_a_test_call_of_a_dead_server_fails(account: ProviderAccount, ada: User) -> None:
    account.base_url = "http://127.0.0.1:9/v1"
    save_account(account=account, by=ada)
    test = start_test(listing=account.listings.get(), by=ada)
    run_test(test.pk)
    test.refresh_from_db()
    assert (test.status, test.error) == ("failed", ProviderTest.objects.get().error)
    assert test.error == "unreachable"


def test_no_log_record_holds_a_key(
    provider: ProviderServer, account: ProviderAccount, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.add("Org/Exact-Name-1", Script(status=401, error="invalid_api_key"))
    asyncio.run(ask_ours(ada))
    test = start_test(listing=account.listings.get(), by=ada)
    run_test(test.pk)
    logged = "".join(f"{record.getMessage()}{record.__dict__}" for record in caplog.records)
    assert FIRST not in logged
