"""What a page can say about the day's use."""

import datetime as dt

import pytest
from django.template import RequestContext, Template
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.guests import GUEST_COOKIE, sign_guest_key
from accounts.models import User
from aggregator.models import DayCount
from aggregator.selectors.day_use import DayUse, read_day_use
from testing.factories import GuestFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def limits(settings: Settings) -> None:
    """Guests may open three turns a day and accounts five."""
    settings.GUEST_TURNS_PER_DAY, settings.ACCOUNT_TURNS_PER_DAY = 3, 5


def count(person: User, opened: int, *, days_ago: int = 0) -> None:
    """Let a person have opened so many turns on a day."""
    day = timezone.localdate() - dt.timedelta(days=days_ago)
    DayCount.objects.create(person=person, day=day, opened=opened)


def test_only_the_turns_of_today_are_used(ada: User, mallory: User) -> None:
    count(ada, 4, days_ago=1)
    count(mallory, 2)
    assert read_day_use(ada) == DayUse(used=0, limit=5, is_guest=False)
    count(ada, 1)
    assert read_day_use(ada).left == 4


def test_more_turns_than_a_lowered_limit_leave_none(ada: User) -> None:
    count(ada, 7)
    assert read_day_use(ada).left == 0


def test_an_account_reads_its_use_as_json(client: Client, ada: User) -> None:
    count(ada, 2)
    client.force_login(ada)
    answer = client.get("/use/")
    assert answer.json() == {"used": 2, "limit": 5, "left": 3, "is_guest": False}
    assert "no-store" in answer["Cache-Control"]


def test_a_visitor_without_a_row_has_a_guest_s_whole_day(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert client.get("/use/").json() == {"used": 0, "limit": 3, "left": 3, "is_guest": True}
    assert User.objects.count() == 0


def test_a_guest_reads_what_is_left(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    guest = GuestFactory.create()
    assert guest.guest_key
    count(guest, 1)
    client.cookies[GUEST_COOKIE] = sign_guest_key(guest.guest_key)
    with django_assert_num_queries(2):
        assert client.get("/use/").json()["left"] == 2


def test_a_template_queries_only_where_it_prints_the_use(
    rf: RequestFactory, ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    count(ada, 2)
    request = rf.get("/")
    request.user = ada
    with django_assert_num_queries(0):
        assert Template("짬뽕").render(RequestContext(request)) == "짬뽕"
    with django_assert_num_queries(1):
        text = Template("{{ day_use.used }}/{{ day_use.limit }}").render(RequestContext(request))
    assert text == "2/5"
