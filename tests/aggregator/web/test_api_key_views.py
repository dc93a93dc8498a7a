"""The page of a person's keys."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client, override_settings

from accounts.models import User
from aggregator.models import ApiKey
from aggregator.selectors.api_keys import find_api_key
from aggregator.services import api_keys
from aggregator.services.refusal import Refusal
from testing.site.live_site import PLAIN_STORAGES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain_static() -> Iterator[None]:
    """Pages are looked at without collecting static files first."""
    with override_settings(STORAGES=PLAIN_STORAGES):
        yield


def test_a_key_is_shown_once_and_authenticates(client: Client, ada: User) -> None:
    client.force_login(ada)
    made = client.post("/keys/", {"name": "노트북"}).content.decode()
    key = re.search(r"jjp-[\w-]{40,}", made)
    again = client.get("/keys/").content.decode()

    assert key is not None
    assert find_api_key(api_keys.digest_of(key[0])) == ApiKey.objects.get()
    assert f'class="secret-key">{key[0]}</code>' in made
    assert f"Authorization: Bearer {key[0]}" in made
    assert key[0] not in again
    assert "노트북" in again
    assert key[0][:10] in again


def test_each_sdk_has_the_address_that_it_takes(client: Client, ada: User) -> None:
    client.force_login(ada)
    page = client.get("/keys/").content.decode()

    observed = dict(re.findall(r"<dt>(\w+) SDK의 주소</dt>\s*<dd>\s*<code>([^<]+)</code>", page))
    # Anthropic's adds /v1 itself.
    assert observed == {"OpenAI": "http://testserver/v1", "Anthropic": "http://testserver"}


def test_a_revoked_key_is_refused_and_listed_as_revoked(client: Client, ada: User) -> None:
    key = api_keys.issue_api_key(owner=ada, name="노트북")
    client.force_login(ada)
    path = f"/keys/{ApiKey.objects.get().public_id}/revoke/"
    assert f'href="{path}"' in client.get("/keys/").content.decode()
    assert "‘노트북’ 키를 삭제할까요?" in client.get(path).content.decode()
    assert find_api_key(api_keys.digest_of(key)) is not None
    page = client.post(path, follow=True)

    assert "삭제한 키" in page.content.decode()
    assert find_api_key(api_keys.digest_of(key)) is None


def test_mallory_cannot_see_or_revoke_ada_s_key(client: Client, ada: User, mallory: User) -> None:
    key = api_keys.issue_api_key(owner=ada, name="에이다의 열쇠")
    client.force_login(mallory)

    assert "에이다의 열쇠" not in client.get("/keys/").content.decode()
    assert client.post(f"/keys/{ApiKey.objects.get().public_id}/revoke/").status_code == 404
    assert find_api_key(api_keys.digest_of(key)) is not None


def test_a_guest_is_asked_to_log_in(client: Client) -> None:
    assert client.get("/keys/").headers["Location"] == "/accounts/login/?next=/keys/"


def test_the_number_of_keys_is_limited(client: Client, ada: User) -> None:
    for number in range(20):
        api_keys.issue_api_key(owner=ada, name=f"{number}")
    client.force_login(ada)

    assert "너무 많아요" in client.post("/keys/", {"name": "하나 더"}).content.decode()
    assert ApiKey.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_keys_that_are_asked_for_at_once_are_counted_one_by_one(ada: User) -> None:
    for number in range(api_keys.MAX_ACTIVE_KEYS - 2):
        api_keys.issue_api_key(owner=ada, name=f"{number}")
    together = threading.Barrier(8)

    def press(number: int) -> bool:
        try:
            together.wait(10)
            return bool(api_keys.issue_api_key(owner=ada, name=f"more {number}"))
        except Refusal:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(press, range(8)))

    assert made.count(True) == 2
    assert ApiKey.objects.count() == api_keys.MAX_ACTIVE_KEYS
    api_keys.revoke_api_key(key=ApiKey.objects.order_by("pk").first() or ApiKey())
    assert api_keys.issue_api_key(owner=ada, name="again")
