import uuid
from collections.abc import Sequence

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, resolve

from accounts.models import User
from ads.models import Advertiser, Campaign, Creative, Membership
from ads.portal.urls import advertiser_pages
from testing.ads.inventory import make_ad, make_advertiser

READ = ["", "days.csv", "campaigns/", "campaigns/{campaign}/", "campaigns/{campaign}/days.csv"]
READ += [
    "campaigns/{campaign}/keywords.csv",
    "campaigns/{campaign}/keywords/",
    "money/",
    "money/statement.csv",
]
EDIT = ["campaigns/new/", "campaigns/{campaign}/edit/", "campaigns/{campaign}/groups/new/"]
EDIT += ["campaigns/{campaign}/money/", "campaigns/{campaign}/launch/"]
EDIT += ["groups/{group}/edit/", "groups/{group}/ads/new/", "ads/{creative}/edit/", "addresses/"]
OWN = ["people/"]
ACT = [
    "campaigns/{campaign}/move/",
    "campaigns/{campaign}/keywords/switch/",
    "groups/{group}/switch/",
    "ads/{creative}/submit/",
    "ads/{creative}/switch/",
    "addresses/here/",
]
PAY = ["money/add/"]
# Their paths hold the id of a membership or an invitation; test_members.py and test_invitations.py open them.
IN_OTHER_TESTS = {"dismiss", "withdraw"}


def address(shop: Advertiser, page: str, ad: Creative) -> str:
    ids = {
        "campaign": ad.ad_group.campaign.public_id,
        "group": ad.ad_group.public_id,
        "creative": ad.public_id,
    }
    return f"/advertise/{shop.public_id}/{page.format(**ids)}"


def list_names(routes: Sequence[URLPattern | URLResolver]) -> set[str]:
    """Return the names of all pages below these routes."""
    names: set[str] = set()
    for route in routes:
        names |= list_names(route.url_patterns) if isinstance(route, URLResolver) else {str(route.name)}
    return names


def test_every_page_of_an_advertiser_is_in_a_list(shop: Advertiser, ad: Creative) -> None:
    listed = {resolve(address(shop, page, ad)).url_name for page in READ + EDIT + OWN + ACT + PAY}
    missing = list_names(advertiser_pages) - listed - IN_OTHER_TESTS
    assert missing == set(), "add their paths to READ, EDIT, OWN, ACT or PAY"


def test_grace_sees_every_page_of_her_own(portal_client: Client, shop: Advertiser, ad: Creative) -> None:
    for page in READ + EDIT + OWN:
        answer = portal_client.get(address(shop, page, ad))
        assert answer.status_code == 200, page
        assert b"style=" not in answer.content, page
        assert b"<script>" not in answer.content, page


def try_everything(browser: Client, shop: Advertiser, ad: Creative, pages: list[str]) -> None:
    """Reading is not found, and neither is writing where anything can be written."""
    for page in pages:
        where = address(shop, page, ad)
        readable, writable = page not in ACT + PAY, page not in READ
        assert browser.get(where).status_code == (404 if readable else 405), page
        sent = {"status": "paused", "is_on": "no", "amount": "5,000", "key": str(uuid.uuid4())}
        assert browser.post(where, sent).status_code == (404 if writable else 405), page


def test_grace_s_advertiser_does_not_exist_for_mallory(
    client: Client, mallory: User, shop: Advertiser, ad: Creative
) -> None:
    client.force_login(mallory)
    try_everything(client, shop, ad, READ + EDIT + OWN + ACT + PAY)
    ad.ad_group.campaign.refresh_from_db()
    assert ad.ad_group.campaign.status == Campaign.Status.ACTIVE


def test_membership_elsewhere_gives_no_access_to_grace_s_advertiser(
    client: Client, mallory: User, ad: Creative
) -> None:
    den = make_advertiser("맬러리")
    Membership.objects.create(advertiser=den, member=mallory, role=Membership.Role.OWNER)
    client.force_login(mallory)
    try_everything(client, den, ad, [page for page in READ + EDIT + ACT if "{" in page])
    ad.ad_group.campaign.refresh_from_db()
    assert ad.ad_group.campaign.status == Campaign.Status.ACTIVE


def test_an_anonymous_visitor_is_redirected_to_the_login(
    client: Client, shop: Advertiser, ad: Creative
) -> None:
    for page in READ + EDIT + OWN:
        answer = client.get(address(shop, page, ad))
        assert answer.status_code == 302, page
        assert answer.headers["Location"].startswith("/accounts/login/"), page


@pytest.mark.parametrize(
    ("role", "may_edit", "may_pay"),
    [("owner", True, True), ("editor", True, False), ("reporter", False, False)],
)
def test_each_role_may_do_only_its_actions(
    client: Client, ada: User, shop: Advertiser, ad: Creative, role: str, may_edit: bool, may_pay: bool
) -> None:
    Membership.objects.create(advertiser=shop, member=ada, role=role)
    client.force_login(ada)
    for page in READ:
        assert client.get(address(shop, page, ad)).status_code == 200, page
    for page in EDIT:
        assert client.get(address(shop, page, ad)).status_code == (200 if may_edit else 403), page
    moved = client.post(address(shop, ACT[0], ad), {"status": "paused"})
    assert moved.status_code == (302 if may_edit else 403)
    paid = client.post(address(shop, PAY[0], ad), {"amount": "5,000", "key": str(uuid.uuid4())})
    assert paid.status_code == (302 if may_pay else 403)
    assert client.get(address(shop, OWN[0], ad)).status_code == (200 if may_pay else 403)


def test_a_reporter_sees_no_buttons(client: Client, ada: User, shop: Advertiser, ad: Creative) -> None:
    Membership.objects.create(advertiser=shop, member=ada, role=Membership.Role.REPORTER)
    client.force_login(ada)
    page = client.get(address(shop, "campaigns/{campaign}/", ad)).content.decode()
    assert "/move/" not in page
    assert "/edit/" not in page


def test_every_form_requires_a_csrf_token(grace: User, shop: Advertiser, ad: Creative) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(grace)
    for page in EDIT + OWN + ACT + PAY:
        assert browser.post(address(shop, page, ad), {}).status_code == 403, page
    assert browser.post("/advertise/join/", {"name": "가게"}).status_code == 403


def test_unknown_ids_are_not_found(portal_client: Client, shop: Advertiser) -> None:
    assert portal_client.get(f"/advertise/{uuid.uuid4()}/").status_code == 404
    assert portal_client.get(f"/advertise/{shop.public_id}/campaigns/{uuid.uuid4()}/").status_code == 404


def test_another_campaign_s_creative_cannot_be_reached_across_advertisers(
    portal_client: Client, shop: Advertiser
) -> None:
    other = make_ad(make_advertiser("다른 가게"))
    assert portal_client.get(f"/advertise/{shop.public_id}/ads/{other.public_id}/edit/").status_code == 404
