"""A blocked request gets no ad: not in any placement, not as a repeat, not from a cache."""

import dataclasses
import json
import uuid
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ads.client import request_ad
from ads.contract import AdRequest, NoAd, ServedAd, decode_answer, encode_request
from ads.events.link_tokens import service_key
from ads.models import Creative, Offer
from ads.selection.core.brand_safety import FINANCIAL_TOPICS, SAFE_TOPICS
from ads.selection.serving.traces import find_trace
from aggregator import placements
from aggregator.models import Conversation, Turn
from aggregator.services.conversations import mark_sensitive
from language.sensitivity import Sensitivity
from testing.ads.inventory import make_ad, publish_all, request_for
from testing.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

PROMPT = "도쿄 항공권 싸게 사는 법"
PASSED = Sensitivity(verdict="pass", classes=(), needs_help=False)
SERVED = ServedAd("1", "광고", "Grace", "t", "b", "grace.example", (), "/c", "/i", "/h", "/r")
safe = st.sampled_from(sorted(SAFE_TOPICS))
unknown = st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1, max_size=24).filter(
    lambda word: word not in SAFE_TOPICS | FINANCIAL_TOPICS
)
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=24)
# Each of these alone blocks every ad.
CLOSED: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "verdict": st.just({"sensitivity": "block"}),
    "class": st.fixed_dictionaries(
        {"sensitive_classes": st.lists(unknown, min_size=1, max_size=5).map(tuple)}
    ),
    "delicate": st.builds(
        lambda first, rest: {"topics": (first, *rest)},
        st.sampled_from(sorted(FINANCIAL_TOPICS)),
        st.lists(safe, max_size=4),
    ),
    "unknown": st.builds(
        lambda odd, rest, place: {"topics": (*rest[:place], odd, *rest[place:])},
        unknown,
        st.lists(safe, max_size=4),
        st.integers(0, 4),
    ),
    "minor": st.just({"audience": "minor"}),
}


@pytest.fixture
def ad(valkey: object) -> Creative:
    """An ad that may be shown to every audience."""
    creative = make_ad(bid_won=900)
    publish_all()
    return creative


def ask_over_http(request: AdRequest) -> ServedAd | NoAd:
    header = {"Authorization": f"Bearer {service_key()}"}
    body = json.dumps(encode_request(request))
    answer = Client().post("/ads/api/select/", body, content_type="application/json", headers=header)
    assert answer.status_code == 200
    return decode_answer(answer.json())


@pytest.mark.parametrize("gate", CLOSED)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), place=words, device=st.sampled_from(["", "desktop", "mobile"]))
def test_a_pending_offer_is_not_repeated_for_a_sensitive_request(
    ad: Creative, gate: str, data: st.DataObject, place: str, device: str
) -> None:
    person = uuid.uuid4().hex[:16]
    open_request = dataclasses.replace(
        request_for(PROMPT, frequency_key=person), placement=place or "sidebar", device=device
    )
    assert isinstance(request_ad(open_request), ServedAd)
    assert isinstance(request_ad(open_request), ServedAd)
    offers = Offer.objects.count()
    closed = dataclasses.replace(open_request, **data.draw(CLOSED[gate]))
    for key in (person, "", uuid.uuid4().hex[:16]):
        ad_request = dataclasses.replace(closed, frequency_key=key)
        for answer in (request_ad(ad_request), ask_over_http(ad_request)):
            assert answer == NoAd("not_adult" if gate == "minor" else "sensitive")
    assert Offer.objects.count() == offers


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(audience=words.filter(lambda word: word != "adult"))
def test_with_adults_only_every_other_audience_is_refused(ad: Creative, audience: str) -> None:
    ad_request = dataclasses.replace(
        request_for(PROMPT, frequency_key=uuid.uuid4().hex[:16]), audience=audience
    )
    if audience != "minor":
        assert isinstance(request_ad(ad_request), ServedAd)
    offers = Offer.objects.count()
    with override_settings(ADS_ADULTS_ONLY=True):
        assert request_ad(ad_request) == ask_over_http(ad_request) == NoAd("not_adult")
        assert isinstance(request_ad(dataclasses.replace(ad_request, audience="adult")), ServedAd)
    assert Offer.objects.count() <= offers + 1


def turn_of(*, is_sensitive: bool = False) -> Turn:
    conversation = Conversation(owner_id=uuid.uuid4().int % 10**9, is_sensitive=is_sensitive)
    return Turn(public_id=uuid.uuid4(), prompt=PROMPT, language="ko", conversation=conversation)


@pytest.mark.parametrize("verdict", ["block", "", "PASS", "unsure"])
async def test_a_blocked_turn_reports_its_id_and_nothing_else(verdict: str) -> None:
    blocked, turn = Sensitivity(verdict=verdict, classes=("debt",), needs_help=False), turn_of()  # type: ignore[arg-type]
    placed = await placements.request_placement(turn, blocked)
    assert (placed.ad, placed.reason) == (None, "sensitive")
    trace = find_trace(placements.request_key(turn))
    assert trace and trace["request"] == {"request_id": placements.request_key(turn), "language": "ko"}


async def test_a_conversation_that_was_sensitive_once_stays_without_ads() -> None:
    placed = await placements.request_placement(turn_of(is_sensitive=True), PASSED)
    assert (placed.ad, placed.reason) == (None, "sensitive")


def test_a_conversation_that_became_sensitive_meanwhile_gets_no_ad(ad: Creative) -> None:
    answered = turn_of()
    ada = UserFactory.create(username="ada")
    answered.conversation = Conversation.objects.create(owner=ada, title="Trip", updated_at=timezone.now())
    assert isinstance(placements._request_ad(answered, PASSED), ServedAd)
    mark_sensitive(conversation=Conversation.objects.get(pk=answered.conversation.pk))
    assert not answered.conversation.is_sensitive
    assert placements._request_ad(answered, PASSED) == NoAd("sensitive")
    trace = find_trace(placements.request_key(answered))
    assert trace and trace["request"] == {"request_id": placements.request_key(answered), "language": "ko"}


async def test_a_blocked_turn_gets_no_ad_whatever_the_market_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in (SERVED, NoAd("timeout"), NoAd("no_match")):
        monkeypatch.setattr(placements, "request_ad", lambda request, answer=answer: answer)
        placed = await placements.request_placement(turn_of(is_sensitive=True), PASSED)
        assert (placed.ad, placed.reason) == (None, "sensitive")


def test_placements_request_no_ad_for_an_unknown_age(ad: Creative) -> None:
    assert isinstance(placements._request_ad(turn_of(), PASSED), ServedAd)
    with override_settings(ADS_ADULTS_ONLY=True):
        assert placements._request_ad(turn_of(), PASSED) == NoAd("not_adult")
