import dataclasses
import logging
import secrets

import pytest
from django.apps import apps
from django.db import connection, models
from redis import Redis

from ads.client import request_ad
from ads.contract import AdRequest
from ads.delivery import complain, hide
from ads.fraud import receive_look
from ads.models import Offer
from ads.tokens import Purpose, sign
from tests.ads.inventory import make_ad, publish_all, request_for
from tests.ads.visits import click_on, visit

pytestmark = pytest.mark.django_db


def planted_prompts(count: int) -> list[tuple[str, str]]:
    """Prompts that match the inventory, each with words that occur nowhere else."""
    return [
        (canary, f"내 비밀은 {canary} 이고 도쿄 항공권 싸게 사는 법")
        for canary in (f"canary{secrets.token_hex(6)}" for _ in range(count))
    ]


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
    prompts = planted_prompts(300)
    for canary, prompt in prompts:
        request = request_for(prompt)
        assert canary not in repr(request)
        request_ad(request)
    offer = Offer.objects.first()
    assert offer is not None
    receive_look(sign(Purpose.IMPRESSION, offer.id, at=offer.created_at), visit())
    click_on(sign(Purpose.CLICK, offer.id, at=offer.created_at))
    hide(offer, at=offer.created_at)
    complain(offer, reason="other")
    kept = everything_in_the_database() + everything_in_valkey(valkey) + caplog.text
    assert Offer.objects.count() == 300
    assert [canary for canary, _ in prompts if canary in kept] == []


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
    assert pointing == {"Membership.member", "Creative.reviewer"}


def test_a_click_keeps_a_network_and_no_address(valkey: "Redis") -> None:
    make_ad()
    publish_all()
    request_ad(request_for("도쿄 항공권 추천"))
    offer = Offer.objects.get()
    click_on(sign(Purpose.CLICK, offer.id, at=offer.created_at), address="203.0.113.77")
    assert "203.0.113.77" not in everything_in_the_database() + everything_in_valkey(valkey)
