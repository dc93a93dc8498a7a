import pytest
from django.test import Client

from accounts.models import User
from ads.models import Advertiser, Campaign, Creative, Membership
from testing.ads.inventory import make_ad, make_advertiser


@pytest.fixture
def shop(grace: User) -> Advertiser:
    """Grace's advertiser, with money."""
    shop = make_advertiser("그레이스 여행")
    Membership.objects.create(advertiser=shop, member=grace, role=Membership.Role.OWNER)
    return shop


@pytest.fixture
def ad(shop: Advertiser) -> Creative:
    """An approved ad of a campaign of Grace's that runs."""
    return make_ad(shop)


@pytest.fixture
def campaign(ad: Creative) -> Campaign:
    """The campaign of that ad."""
    return ad.ad_group.campaign


@pytest.fixture
def portal_client(client: Client, grace: User, shop: Advertiser) -> Client:
    """Grace's browser."""
    client.force_login(grace)
    return client
