"""The topic of a prompt is found in two stages; the sentence model reads what the first leaves in doubt."""

import pytest

from aggregator.pipeline.routing import prompt_topics
from aggregator.pipeline.routing.prompt_topics import classify_topic, extract_topic_features
from language import sensitivity_head
from language.embed import Vectors, embed
from language.reading import forget_readings

SURE, UNSURE = "파이썬으로 리스트를 뒤집는 함수를 작성해줘", "둘 중에 뭐가 나아"


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts that are given to the sentence model from now on."""
    texts: list[str] = []

    def note(found: list[str]) -> Vectors:
        texts.extend(found)
        return embed(found)

    classify_topic.cache_clear()
    forget_readings()
    monkeypatch.setattr(prompt_topics, "embed", note)
    monkeypatch.setattr(sensitivity_head, "embed", note)
    return texts


def test_a_clear_topic_needs_no_sentence_model(embedded: list[str]) -> None:
    topic = classify_topic(SURE)
    assert topic.topic == "code"
    assert topic.features is None
    assert topic.static_features is not None
    assert not embedded


def test_a_doubtful_topic_asks_the_sentence_model_once(embedded: list[str]) -> None:
    first, again = classify_topic(UNSURE), classify_topic(UNSURE)
    assert first is again
    assert len(embedded) == 1


def test_a_fitted_router_reads_sentence_vectors_of_every_prompt(embedded: list[str]) -> None:
    topic = classify_topic(SURE, has_router=True)
    _, centre = prompt_topics.load_topic_classifier()
    assert topic.features is not None
    assert topic.features.tolist() == extract_topic_features([SURE], centre)[0].tolist()
    assert embedded[0] == SURE
