import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.signing import Signer
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from accounts.guests import GUEST_COOKIE, as_guest_request, read_guest_key, sign_guest_key
from accounts.middleware import GuestMiddleware
from accounts.models import User
from accounts.selectors import find_user
from accounts.services import get_or_create_guest, get_or_create_user
from testing.factories import GuestFactory


def show_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>짬뽕</p>")


def visit(cookie: str = "") -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    if cookie:
        request.COOKIES[GUEST_COOKIE] = cookie
    GuestMiddleware(show_page)(request)
    return request


def socket_scope(cookie: str) -> dict[str, object]:
    return {"type": "websocket", "headers": [(b"host", b"localhost"), (b"cookie", cookie.encode())]}


def test_a_new_visitor_gets_a_signed_cookie_and_no_row(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = GuestMiddleware(show_page)(RequestFactory().get("/"))
    assert isinstance(response, HttpResponseBase)
    cookie = response.cookies[GUEST_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert read_guest_key({GUEST_COOKIE: cookie.value}) is not None


def test_a_visitor_with_a_cookie_keeps_it() -> None:
    request = RequestFactory().get("/")
    guest_key = uuid.uuid4()
    request.COOKIES[GUEST_COOKIE] = sign_guest_key(guest_key)
    response = GuestMiddleware(show_page)(request)
    assert isinstance(response, HttpResponseBase)
    assert not response.cookies
    assert as_guest_request(request).guest_key == guest_key


@pytest.mark.parametrize(
    ("method", "response"),
    [
        ("get", JsonResponse({})),
        ("post", HttpResponse("<p>짬뽕</p>")),
        ("get", HttpResponse("<p>짬뽕</p>", status=404)),
        ("head", HttpResponse("<p>짬뽕</p>")),
    ],
)
def test_only_a_page_view_sets_the_cookie(method: str, response: HttpResponse) -> None:
    request = getattr(RequestFactory(), method)("/")
    assert not GuestMiddleware(lambda _: response)(request).cookies  # type: ignore[union-attr]


async def test_the_middleware_serves_async_views_too() -> None:
    async def show_later(request: HttpRequest) -> HttpResponseBase:
        return await asyncio.sleep(0, show_page(request))

    response = await GuestMiddleware(show_later)(RequestFactory().get("/"))  # type: ignore[misc]
    assert GUEST_COOKIE in response.cookies


@pytest.mark.parametrize(
    "forged",
    ["", "nonsense", f"{uuid.uuid4().hex}:AAAA", Signer(salt="other").sign(uuid.uuid4().hex), ":" * 400],
    ids=["empty", "nonsense", "no-signature", "other-salt", "only-colons"],
)
def test_a_forged_cookie_is_ignored(db: None, forged: str) -> None:
    request = visit(forged)
    assert find_user(request) is None
    assert get_or_create_user(socket_scope(f"{GUEST_COOKIE}={forged}")) is None
    assert not User.objects.exists()


def test_mallory_cannot_sign_ada_s_key_with_a_stolen_signature(db: None) -> None:
    ada, mallory = GuestFactory.create(), GuestFactory.create()
    assert ada.guest_key and mallory.guest_key
    _, signature = sign_guest_key(mallory.guest_key).split(":")
    assert find_user(visit(f"{ada.guest_key.hex}:{signature}")) is None


def test_finding_a_user_creates_no_row(db: None) -> None:
    assert find_user(visit(sign_guest_key(uuid.uuid4()))) is None
    assert not User.objects.exists()


def test_a_guest_row_is_created_once_and_found_afterwards(db: None) -> None:
    cookie = sign_guest_key(uuid.uuid4())
    request, scope = visit(cookie), socket_scope(f"{GUEST_COOKIE}={cookie}")
    guest = get_or_create_user(scope)
    assert guest is not None
    assert guest.is_guest
    assert not guest.has_usable_password()
    assert find_user(request) == guest
    assert get_or_create_user(scope) == guest


def test_a_visitor_without_a_cookie_creates_no_row(db: None) -> None:
    assert get_or_create_user({"type": "websocket", "headers": []}) is None
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_concurrent_first_uses_get_the_same_row() -> None:
    guest_key = uuid.uuid4()

    def create(_: int) -> int:
        try:
            return get_or_create_guest(guest_key).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(create, range(16)))) == 1
    assert User.objects.count() == 1


def test_a_websocket_belongs_to_the_guest_of_its_cookie(db: None) -> None:
    guest = GuestFactory.create()
    assert guest.guest_key
    scope = socket_scope(f"theme=dark; {GUEST_COOKIE}={sign_guest_key(guest.guest_key)}")
    assert find_user(scope) == guest
    assert get_or_create_user(scope) == guest


def test_a_websocket_with_a_session_belongs_to_the_account(client: Client, ada: User) -> None:
    client.force_login(ada)
    session = client.cookies["sessionid"].value
    guest_cookie = sign_guest_key(uuid.uuid4())
    assert get_or_create_user(socket_scope(f"sessionid={session}; {GUEST_COOKIE}={guest_cookie}")) == ada
    assert get_or_create_user(socket_scope(f"sessionid={session}") | {"user": AnonymousUser()}) is None
    assert get_or_create_user(socket_scope("") | {"user": ada}) == ada
    ada.set_password("a-new-password-1234")
    ada.save()
    assert get_or_create_user(socket_scope(f"sessionid={session}")) is None


def test_a_deactivated_account_is_ignored(rf: RequestFactory, ada: User) -> None:
    ada.is_active = False
    request = visit()
    request.user = ada
    assert find_user(request) is None
