"""Checks of a provider account: a short call to a model, and the list of the models that it serves."""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from accounts.models import User
from aggregator.catalog.catalog import LanguageModel, look_up_price
from aggregator.catalog.provider_kinds import PROVIDER_KINDS, join_litellm_model
from aggregator.models import Listing, ProviderAccount, ProviderTest
from aggregator.providers.api_key import open_key
from aggregator.providers.completions import close_providers, stream_completion
from aggregator.providers.discovery import list_served_models
from aggregator.providers.errors import EmptyCompletion, ProviderError
from aggregator.providers.types import ChatMessage, Completion, CompletionRequest
from aggregator.services.listings import read_model
from aggregator.services.provider_accounts import find_active_key

PROMPT = "‘네’라고만 답해 주세요."
MAX_TOKENS = 16
DEADLINE_MS = 20_000
# A test without a result after this time was lost with its process.
LOST_AFTER = dt.timedelta(seconds=60)
TEXT_CHARS = 200
MAX_LISTED = 1_000
DEFAULT_OUTPUT_LIMIT = 4_096

Run = Callable[[Coroutine[Any, Any, Completion]], Completion]


@dataclass(frozen=True, slots=True)
class AccountModel:
    """A model that an account's provider lists, and the alias by which it is offered here already."""

    model_id: str
    title: str
    context_window: int
    has_price: bool
    alias: str
    account_id: int
    needs_price: bool

    @property
    def query(self) -> str:
        """The fields of the form that adds it, as a query string."""
        fields: dict[str, object] = {"account": self.account_id, "model_id": self.model_id}
        if self.title and self.title != self.model_id:
            fields["name"] = self.title
        if self.context_window:
            fields["context_window"] = self.context_window
            fields["output_limit"] = min(DEFAULT_OUTPUT_LIMIT, self.context_window // 2)
        if not self.needs_price and not self.has_price:
            fields |= {"input_price_micros": 0, "output_price_micros": 0}
        return urlencode(fields)


def list_account_models(account: ProviderAccount) -> list[AccountModel]:
    """Ask an account's provider for its models; raises ProviderError."""
    kind = PROVIDER_KINDS[account.kind]
    active = find_active_key(account)
    key = open_key(active.sealed) if active else ""
    address = account.base_url or kind.models_base or kind.api_base
    served = asyncio.run(list_served_models(address, key, key_header=kind.key_header, limit=MAX_LISTED))
    aliases = dict(Listing.objects.filter(account=account).values_list("litellm_model", "slug"))
    found = []
    for each in served:
        # Google's list names models by their paths.
        model_id = each.name.removeprefix("models/")
        name = join_litellm_model(kind, model_id)
        has_price = look_up_price(name) is not None
        found.append(
            AccountModel(
                model_id=model_id,
                title=each.title,
                context_window=each.context_window,
                has_price=has_price,
                alias=aliases.get(name, ""),
                account_id=account.pk,
                needs_price=kind.needs_key,
            )
        )
    return sorted(found, key=lambda model: model.model_id)


def start_test(*, listing: Listing, by: User) -> ProviderTest:
    """Store a test that is about to run; `run_test` runs it."""
    model = read_model(listing)
    return ProviderTest.objects.create(listing=listing, key_id=model.key_id, created_by=by)


def run_test(test_id: int, run: Run | None = None) -> None:
    """Call the model of a test and store the result; without `run` the call gets an event loop of its own."""
    test = ProviderTest.objects.select_related("listing__account").filter(pk=test_id).first()
    if test is None or test.status != ProviderTest.Status.RUNNING:
        return
    model = read_model(test.listing)
    try:
        completion = (run or _run_on_new_loop)(_call(model))
    except EmptyCompletion as error:
        # The key and the name are right: a reasoning model may spend all of its tokens on thought.
        _finish(test, model, ProviderTest.Status.PASSED, error)
    except ProviderError as error:
        _finish(test, model, ProviderTest.Status.FAILED, error)
    else:
        test.text = completion.text[:TEXT_CHARS]
        test.ttft_ms, test.duration_ms = completion.ttft_ms, completion.duration_ms
        _count(test, model, completion.usage.input_tokens, completion.usage.output_tokens)
        test.status = ProviderTest.Status.PASSED
        _save(test)


def fail_test(test: ProviderTest, code: str) -> None:
    """Store that a test could not be run."""
    test.status, test.error = ProviderTest.Status.FAILED, code
    _save(test)


async def _call(model: LanguageModel) -> Completion:
    request = CompletionRequest(
        model=model,
        messages=(ChatMessage("user", PROMPT),),
        max_tokens=MAX_TOKENS,
        temperature=model.temperature,
        deadline_ms=DEADLINE_MS,
    )
    async with aclosing(stream_completion(request)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Completion):
                return piece
    raise EmptyCompletion


async def _call_and_close(call: Coroutine[Any, Any, Completion]) -> Completion:
    try:
        return await call
    finally:
        await close_providers()


def _run_on_new_loop(call: Coroutine[Any, Any, Completion]) -> Completion:
    return asyncio.run(_call_and_close(call))


def _finish(test: ProviderTest, model: LanguageModel, status: str, error: ProviderError) -> None:
    test.status, test.error, test.text = status, error.code, error.partial_text[:TEXT_CHARS]
    if error.usage:
        _count(test, model, error.usage.input_tokens, error.usage.output_tokens)
    test.duration_ms = round((timezone.now() - test.created_at).total_seconds() * 1000)
    _save(test)


def _count(test: ProviderTest, model: LanguageModel, input_tokens: int, output_tokens: int) -> None:
    test.input_tokens, test.output_tokens = input_tokens, output_tokens
    test.cost_micros = input_tokens * model.input_price_micros + output_tokens * model.output_price_micros


def _save(test: ProviderTest) -> None:
    test.finished_at = timezone.now()
    test.save()
