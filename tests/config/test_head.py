"""HEAD answers like GET, so that link previews and monitors see what a browser would get."""

import re
from collections.abc import Iterator, Sequence

import httpx
import pytest
from django.conf import settings
from django.contrib.admindocs.views import simplify_regex
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from accounts.models import User
from ads.models import Membership
from aggregator.models import Share
from aggregator.services import api_keys
from testing.ads.inventory import make_ad, make_advertiser
from testing.site.live_site import LiveSite, live_site, site_application
from tests.aggregator.test_earlier_turns import long_conversation

__all__ = ["live_site", "site_application"]
pytestmark = pytest.mark.django_db(transaction=True)

SAMPLES = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "path": "1"}
# Django's admin redirects who is signed in on GET alone.
EXCEPTIONS = {"/admin/login/"}
ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")


def list_paths(
    patterns: Sequence[URLPattern | URLResolver], known: dict[str, str], above: str = "/"
) -> Iterator[str]:
    """Return the path of every route; arguments that are not known get a sample of their type."""

    def fill(argument: re.Match[str]) -> str:
        kind, name = argument.groups()
        return known.get(name) or SAMPLES.get(kind, "sample")

    for each in patterns:
        route = str(each.pattern)
        if not isinstance(each.pattern, RoutePattern):
            route = simplify_regex(route).removeprefix("/")
        path = above + ARGUMENT.sub(fill, route)
        if isinstance(each, URLResolver):
            yield from list_paths(each.url_patterns, known, path)
        else:
            yield path


@pytest.fixture
def known(ada: User) -> dict[str, str]:
    """The arguments of routes to what Ada, who may do everything, owns."""
    ada.is_staff = ada.is_superuser = True
    ada.save()
    conversation = long_conversation(ada, 2)
    share = Share.objects.create(conversation=conversation, token="t" * 43)
    shop = make_advertiser("에이다 여행")
    Membership.objects.create(advertiser=shop, member=ada, role=Membership.Role.OWNER)
    ad = make_ad(shop)
    return {
        "public_id": str(conversation.public_id),
        "token": share.token,
        "advertiser": str(shop.public_id),
        "campaign_id": str(ad.ad_group.campaign.public_id),
        "group_id": str(ad.ad_group.public_id),
        "creative_id": str(ad.public_id),
    }


def test_head_answers_like_get_on_every_route(
    live_site: LiveSite, client: Client, ada: User, known: dict[str, str]
) -> None:
    client.force_login(ada)
    name = settings.SESSION_COOKIE_NAME
    cookies = {name: client.cookies[name].value}
    headers = {"Authorization": f"Bearer {api_keys.issue_api_key(owner=ada, name='노트북')}"}
    # Signing out comes last.
    paths = sorted(
        set(list_paths(get_resolver().url_patterns, known)) - EXCEPTIONS, key=lambda path: "logout" in path
    )
    different, answered = {}, 0
    with httpx.Client(base_url=live_site.url, cookies=cookies, headers=headers, timeout=60) as browser:
        for path in paths:
            head, get = browser.head(path), browser.get(path)
            seen = [(each.status_code, each.headers.get("content-type")) for each in (head, get)]
            if seen[0] != seen[1] or head.content:
                different[path] = seen
            answered += get.status_code == 200
    assert different == {}
    assert answered > 80
