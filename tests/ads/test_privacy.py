import dataclasses
import json
import logging
import re
import secrets
import uuid

import pytest
from django.apps import apps
from django.db import connection, models
from redis import Redis

from ads.client import request_ad
from ads.contract import AdRequest
from ads.delivery import complain, hide
from ads.fraud import receive_look
from ads.models import Offer
from ads.selection.current import current_market
from ads.selection.vocabulary import vocabulary_of
from ads.tokens import Purpose, sign
from language.keyphrases import TermIndex
from tests.ads.inventory import make_ad, publish_all, request_for
from tests.ads.visits import click_on, visit

pytestmark = pytest.mark.django_db


PLANTED = 10_000
# All prompts are matched and read back from the wire; one in ten goes on through the whole life of an ad.
SERVED_EVERY = 10
CANARY = re.compile(r"canary[0-9a-f]{12}")


def planted_prompts(count: int) -> list[str]:
    """Prompts that match the inventory, each with words that occur nowhere else."""
    return [f"내 비밀은 canary{secrets.token_hex(6)} 이고 도쿄 항공권 싸게 사는 법" for _ in range(count)]


def everything_in_the_database() -> str:
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config("ads").get_models():
            cursor.execute(f"SELECT row_to_json(t)::text FROM {model._meta.db_table} t")  # noqa: S608
            found += [row for (row,) in cursor]
    return "\n".join(found)


def everything_in_valkey(valkey: "Redis") -> str:
    found = []
    for name in valkey.keys("*"):
        found.append(str(name))
        kept = valkey.dump(name)
        found.append(kept.decode("latin-1") if isinstance(kept, bytes) else "")
    return "\n".join(found)


def test_no_word_of_a_prompt_reaches_the_market(valkey: "Redis", caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    make_ad()
    publish_all()
    prompts = planted_prompts(PLANTED)
    asked = request_for(prompts[0])
    index = TermIndex(vocabulary_of(current_market().snapshot).terms)
    requests = [
        dataclasses.replace(asked, request_id=str(uuid.uuid4()), term_ids=index.match(prompt))
        for prompt in prompts
    ]
    assert all(request.term_ids for request in requests)
    assert CANARY.findall("\n".join(json.dumps(dataclasses.asdict(request)) for request in requests)) == []
    for request in requests[::SERVED_EVERY]:
        request_ad(request)
    offer = Offer.objects.first()
    assert offer is not None
    receive_look(sign(Purpose.IMPRESSION, offer.id, at=offer.created_at), visit())
    click_on(sign(Purpose.CLICK, offer.id, at=offer.created_at))
    hide(offer, at=offer.created_at)
    complain(offer, reason="other")
    kept = everything_in_the_database() + everything_in_valkey(valkey) + caplog.text
    assert Offer.objects.count() == PLANTED // SERVED_EVERY
    assert CANARY.findall("\n".join(prompts)) and CANARY.findall(kept) == []


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
        "Membership.member",
    }


def test_a_click_keeps_a_network_and_no_address(valkey: "Redis") -> None:
    make_ad()
    publish_all()
    request_ad(request_for("도쿄 항공권 추천"))
    offer = Offer.objects.get()
    click_on(sign(Purpose.CLICK, offer.id, at=offer.created_at), address="203.0.113.77")
    assert "203.0.113.77" not in everything_in_the_database() + everything_in_valkey(valkey)
