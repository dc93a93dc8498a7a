"""The limits under which an ad may stand beside a prompt, by its intent."""

from ads.contract import UNKNOWN_PERCENT
from ads.selection.core.intent import find_limits, raise_reserve, weigh_relevance


def test_a_stricter_share_of_other_prompts_asks_for_more_intent() -> None:
    strict, lenient = find_limits(1, 1), find_limits(20, 1)
    assert strict.least_intent > lenient.least_intent
    between = (strict.least_intent + lenient.least_intent) // 2
    assert lenient.allow(between, 0) and not strict.allow(between, 0)


def test_work_keeps_an_ad_away_whatever_the_intent() -> None:
    limits = find_limits(4, 1)
    assert limits.allow(100, 0)
    assert not limits.allow(100, 100)


def test_a_request_of_an_earlier_release_is_let_through() -> None:
    limits = find_limits(4, 1)
    assert limits.allow(UNKNOWN_PERCENT, UNKNOWN_PERCENT)
    assert weigh_relevance(UNKNOWN_PERCENT) == 1


def test_a_doubtful_intent_weighs_less_and_costs_more() -> None:
    assert weigh_relevance(100) == 1 > weigh_relevance(70) > weigh_relevance(40)
    reserves = [raise_reserve(70_000_000, percent) for percent in (UNKNOWN_PERCENT, 100, 70, 0)]
    assert reserves == [70_000_000, 70_000_000, 100_000_000, 280_000_000]
