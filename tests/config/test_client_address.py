"""Point 14: what a visitor writes into X-Forwarded-For lifts no limit, behind 0, 1 and 2 proxies."""

import http.client
import re
import uuid
from collections.abc import Callable, Iterator
from itertools import count
from urllib.parse import urlencode, urlsplit

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from pytest_django import Settings

from accounts.guests import GUEST_COOKIE, sign_guest_key
from accounts.services import TooManyGuestsError, get_or_create_user
from ads.domain.invalid_reasons import InvalidReason
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.models import Click, RejectedEvent
from config.client_address import ClientAddressMiddleware, find_forwarded_address
from testing.ads.inventory import CHROME, make_ad, make_offer
from testing.site.live_site import LiveSite, live_site, site_application

__all__ = ["live_site", "site_application"]

PEER, VISITOR, INNER_PROXY = "93.184.216.34", "8.8.8.8", "10.0.0.2"
HEADLESS = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/130.0.0.0 Safari/537.36"
# The path of each page that allauth limits by address, a form that it refuses, and its limit a minute.
LIMITED_PAGES = {
    "login": ("/accounts/login/", {"login": "", "password": ""}, 30),
    "login_failed": ("/accounts/login/", {"login": "nobody{}@example.com", "password": "wrong"}, 10),
    "signup": ("/accounts/signup/", {"email": "", "password1": ""}, 20),
    "reset_password": ("/accounts/password/reset/", {"email": "nobody{}@example.com"}, 20),
    "reset_password_from_key": ("/accounts/password/reset/key/1-bad/", {}, 20),
}
proxies_in_front = pytest.mark.parametrize("proxies", [0, 1, 2])
numbers = count(1)


def forward(proxies: int, *, visitor: str, forged: str) -> str:
    """Return the header as it arrives: what the visitor wrote, then what each of our proxies appended."""
    appended = [visitor, INNER_PROXY][:proxies]
    return ", ".join([forged, *appended])


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "1.2.3.4", ""),
        (1, "1.2.3.4, 8.8.8.8", VISITOR),
        (2, "1.2.3.4, 8.8.8.8, 10.0.0.2", VISITOR),
        # Fewer hops than proxies: ours wrote them all.
        (2, "8.8.8.8", VISITOR),
        (1, "", ""),
        (1, "not an address", ""),
        (1, "8.8.8.8:4711", VISITOR),
        (1, "[2606:4700::1]:4711", "2606:4700::1"),
        (1, "2606:4700:0::1", "2606:4700::1"),
        (1, ", ,", ""),
    ],
)
def test_only_the_hops_of_our_proxies_are_read(proxies: int, header: str, address: str) -> None:
    scope = {"headers": [(b"x-forwarded-for", header.encode())]}
    assert find_forwarded_address(scope, proxies=proxies) == address


def test_several_headers_are_one_list() -> None:
    scope = {"headers": [(b"x-forwarded-for", b"1.2.3.4"), (b"X-Forwarded-For", b"8.8.8.8")]}
    assert find_forwarded_address(scope, proxies=1) == VISITOR


def resolve(scope: dict[str, object]) -> dict[str, object]:
    """Return the scope as the application behind the middleware gets it."""
    seen: list[dict[str, object]] = []

    async def application(scope: dict[str, object], receive: object, send: object) -> None:
        seen.append(scope)

    async_to_sync(ClientAddressMiddleware(application))(scope, None, None)
    return seen[0]


@pytest.mark.django_db
@proxies_in_front
def test_the_limit_of_new_guests_ignores_forged_hops(proxies: int, settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT, settings.NEW_GUESTS_PER_HOUR = proxies, 2

    def arrive(visitor: str, forged: str) -> None:
        cookie = f"{GUEST_COOKIE}={sign_guest_key(uuid.uuid4())}"
        header = forward(proxies, visitor=visitor, forged=forged)
        headers = [(b"cookie", cookie.encode()), (b"x-forwarded-for", header.encode())]
        peer = "10.0.0.1" if proxies else visitor
        get_or_create_user(resolve({"type": "websocket", "headers": headers, "client": (peer, 1)}))

    for number in range(2):
        arrive(VISITOR, f"203.0.114.{number}")
    with pytest.raises(TooManyGuestsError):
        arrive(VISITOR, "203.0.114.9")
    arrive(PEER, "203.0.114.9")


class FormClient:
    """A visitor of the running site with its CSRF cookie, over a real connection."""

    def __init__(self, site: LiveSite) -> None:
        self.host = urlsplit(site.url).netloc
        _, headers, page = self.send("GET", "/accounts/login/")
        cookie = re.search(r"csrftoken=([^;]+)", " ".join(headers.get_all("Set-Cookie") or []))
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert cookie is not None and token is not None
        self.cookie, self.token = f"csrftoken={cookie[1]}", token[1]

    def post(self, path: str, form: dict[str, str], forwarded: str) -> tuple[int, str]:
        body = urlencode({**form, "csrfmiddlewaretoken": self.token})
        status, _, page = self.send(
            "POST",
            path,
            body,
            {
                "Cookie": self.cookie,
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Forwarded-For": forwarded,
                "Referer": f"http://{self.host}/",
            },
        )
        return status, page

    def send(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection(self.host, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()


@pytest.fixture
def form_client(live_site: LiveSite) -> FormClient:
    return FormClient(live_site)


@pytest.fixture
def is_limited(form_client: FormClient) -> Callable[[str, str], bool]:
    """Return a function that posts a form once and tells whether a limit answered it."""

    def post(name: str, forwarded: str) -> bool:
        path, form, _ = LIMITED_PAGES[name]
        filled = {key: value.format(next(numbers)) for key, value in form.items()}
        status, page = form_client.post(path, filled, forwarded)
        assert status in (200, 302, 429), page
        return status == 429 or "로그인에 여러 번 실패했어요" in page

    return post


@proxies_in_front
@pytest.mark.parametrize("name", LIMITED_PAGES)
def test_a_limit_by_address_ignores_forged_hops(
    proxies: int, name: str, settings: Settings, is_limited: Callable[[str, str], bool]
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    cache.clear()
    limit = LIMITED_PAGES[name][2]
    for number in range(limit):
        assert not is_limited(name, forward(proxies, visitor=VISITOR, forged=f"203.0.114.{number}")), number
    assert is_limited(name, forward(proxies, visitor=VISITOR, forged="203.0.114.200"))
    # Behind a proxy another visitor is not limited; without one both are the same peer.
    other = forward(proxies, visitor=PEER, forged="203.0.114.200")
    assert is_limited(name, other) == (proxies == 0)


@proxies_in_front
def test_a_header_with_too_few_hops_is_no_error(
    proxies: int, settings: Settings, form_client: FormClient
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    for header in ("", ",", "8.8.8.8", "not an address", "a" * 5_000):
        assert form_client.post("/accounts/login/", {"login": "", "password": ""}, header)[0] == 200, header


@pytest.fixture
def click(form_client: FormClient, transactional_db: None) -> Iterator[Callable[..., str]]:
    """Return a function that clicks on a new offer and returns why the click is free."""
    creative = make_ad()

    def click(forwarded: str, agent: str = CHROME) -> str:
        offer = make_offer(creative)
        link = f"/ads/click/{sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)}/"
        status, _, page = form_client.send(
            "GET", link, "", {"User-Agent": agent, "X-Forwarded-For": forwarded}
        )
        assert status == 302, page
        recorded = Click.objects.filter(offer=offer).first() or RejectedEvent.objects.get(offer=offer)
        return recorded.reason

    yield click


@proxies_in_front
def test_a_click_s_network_is_that_of_the_visitor(
    proxies: int, settings: Settings, click: Callable[..., str]
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    settings.ADS_OWN_NETWORKS = ["203.0.114.0/24"]
    assert click(forward(proxies, visitor=VISITOR, forged="203.0.114.5")) == ""
    seen = click(forward(proxies, visitor="203.0.114.5", forged=VISITOR))
    assert seen == (InvalidReason.PLATFORM_ADDRESS if proxies else "")


@proxies_in_front
def test_a_forged_loopback_address_does_not_make_a_robot_the_developer(
    proxies: int, settings: Settings, click: Callable[..., str]
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    settings.PUBLIC_URL = "http://localhost:8000"
    reason = click(forward(proxies, visitor=VISITOR, forged="127.0.0.1"), agent=HEADLESS)
    # Without a proxy the test itself visits from this machine.
    assert reason == (InvalidReason.ROBOT if proxies else "")
