"""A turn asks for its ad in time, however long its prompt is."""

import uuid

import pytest

from ads.contract import ServedAd
from aggregator import placements
from aggregator.models import Conversation, Turn
from language import embed
from language.reading import forget_readings, read_prompt
from language.sensitivity import Sensitivity
from language.topics import find_topics
from testing.ads.inventory import make_ad, publish_all

PASSED = Sensitivity(verdict="pass")
LONG = (
    "다음 달에 부모님을 모시고 제주도로 3박 4일 가족 여행을 가려고 합니다. 아버지는 오래 걷기 힘들어하시고 "
    "어머니는 꽃과 바다를 좋아하세요. 숙소는 중문 근처 호텔로 정했고 첫날은 오후 두 시쯤 공항에 내립니다. "
    "렌터카 가격을 비교해 주시고, 흑돼지와 갈치조림을 파는 맛집과 카페도 하루에 한 곳씩 넣어 주세요. "
    "비가 올 때를 대비한 실내 일정도 짜 주세요. 예산은 식비까지 하루 삼십만 원 정도입니다. "
) * 2


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_the_sentence_model_reads_no_prompt_for_its_ad(monkeypatch: pytest.MonkeyPatch) -> None:
    make_ad(bid_won=900, keywords=(("렌터카", "phrase"),))
    publish_all()
    forget_readings()
    anew: list[str] = []

    class Refusing:
        def encode(self, texts: list[str], is_query: bool) -> embed.Vectors:
            anew.extend(texts)
            raise AssertionError(is_query)

    monkeypatch.setattr(embed, "_load", Refusing)
    conversation = Conversation(owner_id=uuid.uuid4().int % 10**9)
    turn = Turn(public_id=uuid.uuid4(), prompt=LONG, language="ko", conversation=conversation)
    assert isinstance(placements._request_ad(turn, PASSED), ServedAd)
    assert not anew


def test_the_gist_of_a_long_prompt_has_the_topics_of_the_whole() -> None:
    assert find_topics(LONG)[0] == read_prompt(LONG).topics[0] == "travel"
