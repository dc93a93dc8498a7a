import datetime

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from time_machine import travel

from ads.domain.accounting_day import day_start, korean_day
from ads.domain.money import WON
from ads.events.click_audit import credit_click
from ads.ledger.billing import Charge, settle_click, settle_clicks
from ads.ledger.leases import close_days
from ads.models import CampaignDay, Click, Creative, Impression, Offer, Rollup
from ads.reporting.rollups import find_gaps, roll_up
from testing.ads.inventory import make_ad, make_offer

pytestmark = pytest.mark.django_db


def sums_of(grain: str) -> tuple[int, int, int, int]:
    rows = Rollup.objects.filter(grain=grain).values_list(
        "impressions", "clicks", "invalid_clicks", "spend_micros"
    )
    columns = list(zip(*rows, strict=True)) or [(0,)] * 4
    return (sum(columns[0]), sum(columns[1]), sum(columns[2]), sum(columns[3]) // WON)


def click_at(creative: Creative, at: datetime.datetime, *, reason: str = "") -> Offer:
    offer = make_offer(creative, price_won=100)
    Impression.objects.filter(offer=offer).update(created_at=at)
    settle_click(offer, reason=reason, network="", at=at)
    return offer


def test_events_are_in_the_rollups_of_their_minute_hour_and_day() -> None:
    creative, now = make_ad(), timezone.now()
    click_at(creative, now)
    click_at(creative, now, reason="too_fast")
    make_offer(creative)
    assert roll_up() > 0
    for grain in ("minute", "hour", "day"):
        assert sums_of(grain) == (3, 1, 1, 100)


def test_rolling_up_again_changes_nothing() -> None:
    click_at(make_ad(), timezone.now())
    roll_up()
    before = list(Rollup.objects.order_by("grain", "bucket").values_list("grain", "bucket", "clicks"))
    roll_up()
    assert list(Rollup.objects.order_by("grain", "bucket").values_list("grain", "bucket", "clicks")) == before


def test_a_worker_whose_clock_is_ahead_leaves_nothing_out() -> None:
    creative = make_ad()
    with travel(timezone.now() + datetime.timedelta(minutes=10)):
        roll_up()
    click_at(creative, timezone.now())
    roll_up()
    for grain in ("minute", "hour", "day"):
        assert sums_of(grain) == (1, 1, 0, 100)


def test_a_late_click_is_counted_in_its_own_minute() -> None:
    creative, now = make_ad(), timezone.now()
    earlier = now - datetime.timedelta(seconds=90)
    click_at(creative, earlier)
    roll_up(at=now)
    click_at(creative, earlier)
    roll_up(at=now + datetime.timedelta(minutes=1))
    row = Rollup.objects.get(grain="minute", clicks__gt=0)
    assert (row.bucket, row.clicks) == (earlier.replace(second=0, microsecond=0), 2)


def test_a_click_paid_by_a_later_day_counts_from_the_first_minute_of_that_day() -> None:
    creative = make_ad()
    offer = make_offer(creative)
    today = korean_day(timezone.now())
    midnight = day_start(today)
    yesterday = midnight - datetime.timedelta(minutes=5)
    charge = Charge(offer.id, offer.campaign_id, 100 * WON, "", yesterday, day=today)
    # The campaign began a day ago at this time, so that it ran when the click was made.
    creative.ad_group.campaign.starts_at = yesterday - datetime.timedelta(days=1)
    creative.ad_group.campaign.save()
    assert settle_clicks([charge]) == ["billed"]
    roll_up()
    row = Rollup.objects.get(grain="day", spend_micros__gt=0)
    assert row.bucket == midnight
    assert find_gaps() == []


def test_a_credit_is_counted_in_the_minute_of_its_click() -> None:
    offer = click_at(make_ad(), timezone.now() - datetime.timedelta(seconds=30))
    roll_up()
    credit_click(Click.objects.get(offer=offer), reason="burst_person")
    roll_up()
    row = Rollup.objects.get(grain="day")
    assert (row.clicks, row.credited_clicks, row.credited_micros) == (1, 1, 100 * WON)


def test_closed_days_agree_with_the_ledger_and_a_gap_is_found() -> None:
    click_at(make_ad(), timezone.now())
    roll_up()
    close_days(before=korean_day(timezone.now() + datetime.timedelta(days=1)))
    assert find_gaps() == []
    Rollup.objects.filter(grain="hour").update(spend_micros=1)
    assert [gap.rule for gap in find_gaps()] == ["rollup_hour_is_the_ledger"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(
        st.tuples(st.integers(0, 300), st.sampled_from(["", "", "too_fast"]), st.booleans()), max_size=10
    )
)
def test_however_events_and_rollups_mix_all_grains_agree_with_the_clicks(
    db: None, events: list[tuple[int, str, bool]]
) -> None:
    Rollup.objects.all().delete()
    seen, now = Click.objects.count(), timezone.now()
    impressions, spent = (
        Impression.objects.count(),
        sum(day.spent_micros for day in CampaignDay.objects.all()),
    )
    creative = make_ad(daily_won=600)
    campaign = creative.ad_group.campaign_id
    for seconds, reason, is_rolled in events:
        click_at(creative, now - datetime.timedelta(seconds=seconds), reason=reason)
        if is_rolled:
            roll_up()
    roll_up()
    paid = sum(day.spent_micros for day in CampaignDay.objects.all()) - spent
    for grain in ("minute", "hour", "day"):
        rows = Rollup.objects.filter(grain=grain, campaign=campaign)
        assert sum(row.clicks + row.invalid_clicks for row in rows) == Click.objects.count() - seen
        assert sum(row.impressions for row in rows) == Impression.objects.count() - impressions
        assert sum(row.spend_micros for row in rows) == paid
