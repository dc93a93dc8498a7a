"""A campaign stays with the advertiser who pays for it, and an ad group in its campaign."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ads.domain.money import WON
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.ledger.accounts import wallet_balance
from ads.ledger.invariants import find_discrepancies
from ads.models import AdGroup, Campaign, NegativeKeyword
from testing.ads.event_requests import click_on
from testing.ads.inventory import make_ad, make_advertiser, make_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


def test_no_admin_moves_a_campaign_and_its_money_to_another_advertiser(admin_client: Client) -> None:
    grace, mallory = make_advertiser(won=100_000), make_advertiser("Mallory", won=0)
    offer = make_offer(make_ad(grace))
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
    campaign = offer.campaign
    starts_at = timezone.localtime(campaign.starts_at)
    sent = {
        "advertiser": mallory.pk,
        "name": "고친 이름",
        "category": campaign.category,
        "status": campaign.status,
        "starts_at_0": starts_at.strftime("%Y-%m-%d"),
        "starts_at_1": starts_at.strftime("%H:%M:%S"),
        "daily_budget_micros": "3,000",
        "daily_views_a_person": "3",
    }
    where = reverse("admin:ads_campaign_change", args=[campaign.pk])
    assert admin_client.post(where, sent).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.name, campaign.advertiser) == ("고친 이름", grace)
    # What the smaller budget set free came back to whoever paid it.
    assert (wallet_balance(grace.pk), wallet_balance(mallory.pk)) == (97_000 * WON, 0)
    assert find_discrepancies() == []


def test_no_admin_moves_an_ad_group_away_from_its_negative_keywords(admin_client: Client) -> None:
    group = make_ad().ad_group
    NegativeKeyword.objects.create(campaign=group.campaign, ad_group=group, text="무료", norm="무료")
    sent = {
        "campaign": make_ad(group.campaign.advertiser).ad_group.campaign_id,
        "name": "고친 이름",
        "default_bid_micros": "300",
        "device": "any",
        "language": "any",
        "topics": "[]",
        "hints": "[]",
        "is_on": "on",
        "keywords-TOTAL_FORMS": "0",
        "keywords-INITIAL_FORMS": "0",
        "negative_keywords-TOTAL_FORMS": "0",
        "negative_keywords-INITIAL_FORMS": "0",
    }
    assert admin_client.post(reverse("admin:ads_adgroup_change", args=[group.pk]), sent).status_code == 302
    kept = AdGroup.objects.get(pk=group.pk)
    assert (kept.name, kept.campaign_id) == ("고친 이름", group.campaign_id)


@pytest.mark.parametrize("model", ["campaign", "adgroup"])
def test_the_owner_of_a_new_row_can_be_chosen(admin_client: Client, model: str) -> None:
    field = {"campaign": "advertiser", "adgroup": "campaign"}[model]
    page = admin_client.get(reverse(f"admin:ads_{model}_add")).content.decode()
    assert f'name="{field}"' in page


def test_a_campaign_leased_from_another_advertiser_is_found() -> None:
    offer = make_offer()
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
    assert find_discrepancies() == []
    other = make_advertiser("Mallory")
    Campaign.objects.update(advertiser=other)
    fault = next(
        fault for fault in find_discrepancies() if fault.rule == "lease_is_of_its_campaigns_advertiser"
    )
    assert (fault.where, fault.expected) == (str(offer.campaign_id), other.pk)
