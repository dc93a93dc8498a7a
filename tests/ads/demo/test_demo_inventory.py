import uuid
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.html import escape

from ads.client import fetch_vocabulary, request_ad
from ads.contract import AdRequest, NoAd, ServedAd, to_percent
from ads.ledger.invariants import find_discrepancies
from ads.models import Campaign, Creative
from language.detect import detect_language
from language.keyphrases import TermIndex
from language.reading import read_prompt
from testing.ads.inventory import reset_serving_state

PROMPTS = Path(__file__).with_name("prompts")

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey", "demo")]


@pytest.fixture
def demo(valkey: object) -> None:
    """The demo inventory, published."""
    call_command("load_demo_ads", verbosity=0)
    reset_serving_state()


def ask(prompt: str) -> ServedAd | NoAd:
    """Send the request that placements would make for this prompt."""
    vocabulary = fetch_vocabulary()
    reading = read_prompt(prompt)
    return request_ad(
        AdRequest(
            request_id=str(uuid.uuid4()),
            placement="below_answer",
            vocabulary_version=vocabulary.version,
            term_ids=TermIndex(vocabulary.terms).match(prompt),
            topics=reading.topics,
            language=detect_language(prompt),
            device="desktop",
            sensitivity=reading.sensitivity.verdict,
            sensitive_classes=reading.sensitivity.classes,
            intent_percent=to_percent(reading.intent.commercial),
            work_percent=to_percent(reading.intent.work),
        )
    )


def read_prompts(name: str) -> list[str]:
    return (PROMPTS / name).read_text(encoding="utf-8").splitlines()


def test_everyday_prompts_of_someone_who_buys_find_an_ad() -> None:
    prompts = read_prompts("buying.txt")
    assert len(prompts) >= 100
    without = {prompt: ad.reason for prompt in prompts if isinstance(ad := ask(prompt), NoAd)}
    misread = {prompt for prompt, reason in without.items() if reason in {"sensitive", "no_intent"}}
    assert without.keys() == misread
    # The conversation side may misread some: bench.sensitivity and bench.ad_intent measure how many.
    assert len(misread) <= len(prompts) * 0.15, misread
    assert find_discrepancies() == []


def test_poems_code_sums_facts_and_greetings_find_none() -> None:
    prompts = read_prompts("other.txt")
    assert len(prompts) >= 100
    shown = {prompt: ad.title for prompt in prompts if isinstance(ad := ask(prompt), ServedAd)}
    assert len(shown) <= len(prompts) * 0.03, shown


def test_a_person_in_despair_is_shown_no_ad() -> None:
    assert ask("우울해서 죽고 싶어") == NoAd("sensitive")


def test_a_trip_to_tokyo_gets_a_travel_ad() -> None:
    for prompt in ("도쿄 여행 항공권 싸게 사는 법", "cheap flights to Tokyo"):
        ad = ask(prompt)
        assert isinstance(ad, ServedAd)
        creative = Creative.objects.select_related("ad_group__campaign").get(title=ad.title)
        assert creative.ad_group.campaign.category == "travel"
        assert ad.label == ("광고" if "도쿄" in prompt else ad.label)


def test_loading_twice_changes_nothing() -> None:
    before = (Campaign.objects.count(), Creative.objects.count())
    call_command("load_demo_ads", verbosity=0)
    assert (Campaign.objects.count(), Creative.objects.count()) == before
    assert before[0] >= 40
    assert find_discrepancies() == []


def test_every_demo_ad_leads_to_a_page_that_says_what_it_is(client: Client) -> None:
    for creative in Creative.objects.all()[:3]:
        page = client.get(creative.landing_url)
        assert page.status_code == 200
        assert escape(creative.title) in page.content.decode()
    assert client.get("/ads/demo/nobody/").status_code == 404
