"""A negative keyword in a prompt excludes its ads, wherever it is in the prompt."""

import uuid

import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ads.client import fetch_vocabulary
from ads.contract import TERM_LIMIT, NoAd, ServedAd, Vocabulary
from ads.models import AdGroup, Creative, NegativeKeyword, Offer
from aggregator import placements
from aggregator.models import Conversation, Turn
from language.keyphrases import normalise
from language.sensitivity import Sensitivity
from testing.ads.inventory import make_ad, make_advertiser, publish_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

PASSED = Sensitivity(verdict="pass", classes=(), needs_help=False)
WORDS = ("도쿄", "항공권", "호텔", "노트북", "취소", "중고", "무료", "후기")
# Longer than the negatives, so that a request limited to twelve terms would leave those out.
CITIES = ("오사카", "교토", "방콕", "다낭", "하와이", "파리", "런던", "로마", "시드니", "괌", "세부", "발리")
CROWD = tuple(f"{name} 항공권 특가" for name in CITIES)


def ask(prompt: str) -> ServedAd | NoAd:
    conversation = Conversation(owner_id=uuid.uuid4().int % 10**9)
    turn = Turn(public_id=uuid.uuid4(), prompt=prompt, language="ko", conversation=conversation)
    return placements._request_ad(turn, PASSED)


def keep_away(creative: Creative, text: str, *, by_group: bool = False) -> None:
    group = creative.ad_group
    NegativeKeyword.objects.create(
        campaign=group.campaign, ad_group=group if by_group else None, text=text, norm=normalise(text)
    )


def test_a_negative_wins_in_a_prompt_of_more_words_than_a_request_can_name() -> None:
    creative = make_ad(keywords=tuple((text, "phrase") for text in CROWD))
    publish_all()
    crowded = f"{', '.join(CROWD)} 추천"
    assert isinstance(ask(crowded), ServedAd)
    keep_away(creative, "취소")
    publish_all()
    assert isinstance(ask(crowded), ServedAd)
    assert isinstance(ask(f"{crowded}, 취소"), NoAd)


def test_a_negative_wins_at_the_end_of_a_long_prompt() -> None:
    creative = make_ad(keywords=(("도쿄 항공권", "phrase"),), negatives=("취소",))
    publish_all()
    long = "도쿄 항공권 추천해 줘. " + "바다가 보이는 방이면 좋고 조용한 곳을 찾아요. " * 80
    assert isinstance(ask(long), ServedAd)
    assert isinstance(ask(f"{long}예매한 것은 취소했어요."), NoAd)
    assert creative.ad_group.campaign.negative_keywords.count() == 1


@pytest.mark.parametrize("compound", ["취소규정", "예매취소는 어떻게", "취소표", "취소수수료가"])
def test_a_negative_wins_inside_of_a_compound(compound: str) -> None:
    make_ad(keywords=(("도쿄 항공권", "phrase"),), negatives=("취소",))
    publish_all()
    assert isinstance(ask("도쿄 항공권 추천"), ServedAd)
    assert isinstance(ask(f"도쿄 항공권 추천, {compound}"), NoAd)


def test_a_prompt_with_too_many_negatives_names_no_terms() -> None:
    names = [f"{first}{second}" for first in "가나다라" for second in "방길손"][: TERM_LIMIT + 1]
    names.append("마손")
    make_ad(keywords=(("도쿄 항공권", "phrase"),), negatives=tuple(names))
    publish_all()
    vocabulary = fetch_vocabulary()
    prompt = "도쿄 항공권 추천 " + " ".join(names)
    assert len(vocabulary.negatives) == len(names) > TERM_LIMIT
    assert placements.find_terms(prompt, vocabulary) is None
    assert ask(prompt) == NoAd("no_match")


@given(
    texts=st.lists(st.sampled_from(WORDS + CROWD), min_size=1, max_size=25, unique=True),
    negatives=st.sets(st.integers(0, 24), max_size=14),
    prompt=st.lists(st.sampled_from([*WORDS, *CROWD, "그리고", "어디서"]), max_size=30),
)
def test_a_request_names_every_negative_that_a_prompt_holds(
    texts: list[str], negatives: set[int], prompt: list[str]
) -> None:
    terms = tuple(enumerate(texts))
    vocabulary = Vocabulary(repr((texts, negatives)), terms, frozenset(negatives & set(range(len(texts)))))
    named = placements.find_terms(" ".join(prompt), vocabulary)
    due = {number for number in vocabulary.negatives if texts[number] in prompt}
    assert named is None or (due <= set(named) and len(named) <= TERM_LIMIT)
    assert named is not None or len(vocabulary.negatives) > TERM_LIMIT


def with_particle(word: str) -> st.SearchStrategy[str]:
    return st.sampled_from([word, word, f"{word}도", f"{word}에서"])


@st.composite
def markets(draw: st.DrawFn) -> tuple[list[tuple[list[str], str, list[str], bool]], list[list[str]]]:
    """Ads with keywords, match types and negatives, and prompts of the same words."""
    phrase = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True).map(" ".join)
    ads = st.tuples(
        st.lists(phrase, min_size=1, max_size=3, unique=True),
        st.sampled_from(["exact", "phrase", "broad"]),
        st.lists(phrase, max_size=2, unique=True),
        st.booleans(),
    )
    prompts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5, unique=True)
    spoken = prompts.flatmap(lambda prompt_words: st.tuples(*map(with_particle, prompt_words)))
    return (
        draw(st.lists(ads, min_size=1, max_size=4)),
        draw(st.lists(spoken.map(list), min_size=1, max_size=4)),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(market=markets())
def test_no_ad_is_shown_beside_its_negative(
    db: None, market: tuple[list[tuple[list[str], str, list[str], bool]], list[list[str]]]
) -> None:
    ads, prompts = market
    with transaction.atomic():
        for number, (keywords, match, negatives, by_group) in enumerate(ads):
            creative = make_ad(
                make_advertiser(f"{number}"),
                keywords=tuple((text, match) for text in keywords),
                bid_won=100 + 100 * number,
            )
            for text in negatives:
                keep_away(creative, text, by_group=by_group)
        publish_all()
        for prompt_words in prompts:
            ad = ask(f"{' '.join(prompt_words)} 추천해 줘")
            if isinstance(ad, ServedAd):
                event("served")
                group = Offer.objects.get(pk=ad.offer).ad_group
                assert not [text for text in negatives_of(group) if is_contained(text, prompt_words)]
        transaction.set_rollback(True)


def negatives_of(group: AdGroup) -> list[str]:
    rows = NegativeKeyword.objects.filter(campaign=group.campaign, ad_group__in=[group, None])
    shared = NegativeKeyword.objects.filter(campaign=group.campaign, ad_group=None)
    return [row.text for row in rows | shared]


def is_contained(text: str, prompt_words: list[str]) -> bool:
    """Whether these words follow each other in the prompt, ignoring particles."""
    words = text.split()
    bare = [next(word for word in WORDS if each.startswith(word)) for each in prompt_words]
    places = range(len(bare) - len(words) + 1)
    return any(bare[place : place + len(words)] == words for place in places)
