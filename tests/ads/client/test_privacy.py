import dataclasses
import json
import logging
import uuid

import pytest
from django.apps import apps
from django.db import models
from redis import Redis

from ads.client import request_ad
from ads.contract import AdRequest, ServedAd
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.events.offers import hide_offer, report_offer
from ads.events.receive import receive_impression
from ads.models import Offer
from ads.selection.serving.snapshots import serving_state
from ads.selection.serving.vocabulary import read_vocabulary
from aggregator import placements
from aggregator.models import Conversation, Turn
from language.keyphrases import TermIndex
from language.sensitivity import judge_sensitivity
from testing.ads.canaries import find_canaries, make_canary_prompts, read_tables, read_valkey
from testing.ads.event_requests import click_on, make_event_request
from testing.ads.inventory import make_ad, make_offer, publish_all, request_for

pytestmark = pytest.mark.django_db


PLANTED = 10_000
# All prompts are matched and encoded; one in ten goes on through the whole life of an ad.
SERVED_EVERY = 10
TURNS = 200


def test_no_word_of_a_prompt_reaches_the_market(valkey: "Redis", caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    make_ad()
    publish_all()
    prompts = make_canary_prompts(PLANTED)
    template = request_for(prompts[0])
    index = TermIndex(read_vocabulary(serving_state().snapshot).terms)
    requests = [
        dataclasses.replace(template, request_id=str(uuid.uuid4()), term_ids=index.match(prompt))
        for prompt in prompts
    ]
    assert all(request.term_ids for request in requests)
    assert find_canaries("\n".join(json.dumps(dataclasses.asdict(request)) for request in requests)) == set()
    for request in requests[::SERVED_EVERY]:
        request_ad(request)
    offer = Offer.objects.first()
    assert offer is not None
    receive_impression(
        sign_token(LinkPurpose.IMPRESSION, offer.id, at=offer.created_at), make_event_request()
    )
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
    hide_offer(offer, at=offer.created_at)
    report_offer(offer, reason="other", at=offer.created_at)
    kept = read_tables() + read_valkey(valkey) + caplog.text
    assert Offer.objects.count() == PLANTED // SERVED_EVERY
    assert len(find_canaries("\n".join(prompts))) == PLANTED and find_canaries(kept) == set()


def test_no_word_of_a_turn_reaches_the_market_through_placements(
    valkey: "Redis", caplog: pytest.LogCaptureFixture
) -> None:
    """The same through placements; `python -m bench.ad_privacy` does it with 10,000 prompts."""
    caplog.set_level(logging.DEBUG)
    make_ad()
    publish_all()
    prompts = make_canary_prompts(TURNS)
    answers = []
    for number, prompt in enumerate(prompts):
        conversation = Conversation(owner_id=number + 1)
        turn = Turn(public_id=uuid.uuid4(), prompt=prompt, language="ko", conversation=conversation)
        answers.append(placements._request_ad(turn, judge_sensitivity(prompt)))
    # The gate may block a prompt or two; its classes must not be sent either.
    assert Offer.objects.count() == sum(isinstance(each, ServedAd) for each in answers) > TURNS // 2
    assert find_canaries(read_tables() + read_valkey(valkey) + caplog.text) == set()


def test_a_leaked_canary_is_found_in_every_store(valkey: "Redis") -> None:
    offer = make_offer()
    words = iter(dict.fromkeys(make_canary_prompts(7)))
    Offer.objects.filter(pk=offer.pk).update(trace=[{"term": next(words)}])
    valkey.set("cache", next(words) * 20)
    valkey.rpush("celery", next(words))
    valkey.hset("hash", "field", next(words))
    valkey.xadd("stream", {"event": next(words)})
    valkey.zadd(next(words), {"member": 1})
    valkey.sadd("set", next(words))
    assert len(find_canaries(read_tables())) == 1
    assert len(find_canaries(read_valkey(valkey))) == 6


def test_a_request_has_no_field_for_a_person_or_a_vector() -> None:
    names = {field.name for field in dataclasses.fields(AdRequest)}
    assert names == {
        "request_id",
        "placement",
        "vocabulary_version",
        "term_ids",
        "topics",
        "language",
        "device",
        "sensitivity",
        "sensitive_classes",
        "frequency_key",
        "audience",
        # Ids with a weight of four bits; the contract refuses anything else in it (test_meaning.py).
        "near",
        "intent_percent",
        "work_percent",
    }


def test_no_table_of_the_market_points_at_a_person_but_members_and_reviewers() -> None:
    pointing = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("ads").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and field.related_model._meta.app_label != "ads"
    }
    assert pointing == {
        "Approval.reviewer",
        "Creative.reviewer",
        "Freeze.lifted_by",
        "Invitation.inviter",
        "Membership.member",
    }


def test_a_click_keeps_a_network_and_no_address(valkey: "Redis") -> None:
    make_ad()
    publish_all()
    request_ad(request_for("도쿄 항공권 추천"))
    offer = Offer.objects.get()
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at), address="203.0.113.77")
    assert "203.0.113.77" not in read_tables() + read_valkey(valkey)
