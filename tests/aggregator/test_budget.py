"""The price of quality follows income and costs, and the admin charts its history."""

import datetime as dt
import json
import math
import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from aggregator.admin.budget import describe_coverage
from aggregator.budgeting import budget
from aggregator.models import Candidate, Conversation, DayPoint, Listing, Turn, Usage
from aggregator.pipeline.routing.initial_price import find_initial_price
from aggregator.selectors.budget_history import read_budget_history
from aggregator.services.listings import list_offered_models
from testing.factories import UserFactory
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db
NOON = timezone.make_aware(dt.datetime(2026, 5, 4, 12, 0))  # noqa: DTZ001
WON = 1_000_000


@pytest.fixture(autouse=True)
def _fixed_subsidy(settings: object) -> None:
    """Set the subsidy to 24,000 won a day, 1,000 an hour."""
    settings.DAILY_SUBSIDY_WON = 24_000  # type: ignore[attr-defined]


def spend(owner: User, won: float, at: dt.datetime, *, turns: int = 1, quality: float = 0.7) -> None:
    """Store closed turns with a cost each."""
    for _ in range(turns):
        conversation = Conversation.objects.create(owner=owner, updated_at=at)
        micros = round(won * WON)
        turn = Turn.objects.create(
            conversation=conversation, number=1, prompt="안녕", language="ko", status="done", closed_at=at,
            cost_micros=micros, route={"quality": quality},
        )  # fmt: skip
        Candidate.objects.create(turn=turn, position=0, model="wise", status="done", text="네.")
        call = Usage.objects.create(
            call_id=uuid.uuid4(), turn=turn, purpose="candidate", model="wise", provider="p",
            source="counted", input_tokens=1, output_tokens=1, cost_micros=micros,
        )  # fmt: skip
        Usage.objects.filter(pk=call.pk).update(created_at=at)


def update(at: dt.datetime, income_won: float = 0) -> DayPoint:
    """Update the pace at a moment."""
    price = find_initial_price(list_offered_models())
    return budget.update_pace(income_micros=round(income_won * WON), initial_price=price, now=at)


def minutes(count: float) -> dt.timedelta:
    """Return some minutes."""
    return dt.timedelta(minutes=count)


def test_before_the_first_point_the_price_is_zero(offer_model: MakeModel) -> None:
    assert budget.read_pace().price == 0.0
    assert budget.read_pace().credit == math.inf


def test_the_first_price_is_one_that_a_day_can_afford(offer_model: MakeModel) -> None:
    offer_model("cheap", standing=0.5, output_price_micros=1_000)
    offer_model("dear", standing=0.9, output_price_micros=2_000_000)
    assert update(NOON).price > 0
    DayPoint.objects.all().delete()
    Listing.objects.filter(slug="dear").delete()
    assert update(NOON).price < 1e-3


def test_the_price_rises_while_costs_exceed_income_and_falls_otherwise(ada: User) -> None:
    first = update(NOON)
    DayPoint.objects.update(price=0.01)
    spend(ada, 2_000, NOON + minutes(0.5), turns=20)
    dear = update(NOON + minutes(1))
    assert dear.price > 0.01
    assert dear.balance < first.balance
    assert dear.turns == 20
    for place in range(1, 30):
        spend(ada, 0.1, NOON + minutes(place + 0.5), turns=3)
        last = update(NOON + minutes(place + 1), income_won=place * 9_000)
    assert last.price < dear.price
    assert budget.read_pace().price == last.price


def test_income_without_turns_waits_for_the_next_turn(ada: User) -> None:
    update(NOON)
    quiet = update(NOON + minutes(60), income_won=500)
    assert (quiet.turns, quiet.income_micros, quiet.subsidy_micros) == (0, 500 * WON, 1_000 * WON)
    assert quiet.waiting_micros > quiet.income_micros
    spend(ada, 10, NOON + minutes(61))
    busy = update(NOON + minutes(62), income_won=500)
    assert (busy.income_micros, busy.waiting_micros) == (0, 0)
    assert busy.balance == pytest.approx(
        (quiet.waiting_micros + busy.subsidy_micros - 10 * WON) / WON, abs=0.01
    )


def test_every_won_is_counted_once_and_a_new_day_begins_at_zero(ada: User) -> None:
    update(NOON)
    spend(ada, 3, NOON + minutes(1), turns=2)
    update(NOON + minutes(2), income_won=40)
    update(NOON + minutes(3), income_won=40)
    history = read_budget_history(NOON + minutes(4))
    assert (history.income, history.spent, history.turns) == (40, 6, 2)
    price = DayPoint.objects.first().price  # type: ignore[union-attr]
    tomorrow = update(NOON + dt.timedelta(hours=13))
    assert (tomorrow.balance, tomorrow.price) == (0.0, price)
    assert tomorrow.subsidy_micros == pytest.approx(1_000 * WON, rel=0.01)


def test_shown_answers_are_counted_for_each_model(ada: User, offer_model: MakeModel) -> None:
    offer_model("wise")
    update(NOON)
    spend(ada, 1, NOON + minutes(1), turns=3)
    update(NOON + minutes(2))
    assert Listing.objects.get(slug="wise").shown == 3


def test_the_runway_is_shown_while_money_runs_out_and_not_when_ads_pay(ada: User) -> None:
    spend(ada, 1_000, NOON - minutes(30), turns=12)
    update(NOON)
    history = read_budget_history(NOON)
    # 12,000 won in three hours leave 12,000 for three hours.
    assert history.left == 12_000
    assert history.runway == dt.timedelta(hours=3)
    assert describe_coverage(history)[0] == "0%"
    assert read_budget_history(NOON + dt.timedelta(days=1)).runway is None
    update(NOON + minutes(1), income_won=30_000)
    assert read_budget_history(NOON + minutes(1)).runway is None


def test_the_admin_charts_the_day_above_its_points(client: Client, ada: User) -> None:
    client.force_login(UserFactory.create(username="admin", is_staff=True, is_superuser=True))
    page = client.get("/admin/aggregator/daypoint/").content.decode()
    assert "잔액이 다할 때까지" in page
    assert "<canvas" not in page
    spend(ada, 2, timezone.now() - minutes(1), turns=2)
    budget.update_pace(income_micros=3 * WON, initial_price=0.0)
    page = client.get("/admin/aggregator/daypoint/").content.decode()
    found = re.findall(r'<script type="application/json">(.*?)</script>', page)
    charts = [json.loads(data) for data in found]
    assert [[line["values"][-1] for line in chart["series"]] for chart in charts[:1]] == [[3.0, 4.0]]
    assert [len(chart["series"]) for chart in charts] == [2, 1, 1]
    assert "광고 수입" in page
    assert "3.000원" in page
    english = client.get("/admin/aggregator/daypoint/", headers={"accept-language": "en"}).content.decode()
    assert "3.000 won" in english and "원" not in english
