"""Claims are shared, contested or added by one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.ranking.disagreements import is_contradiction, map_disagreements, split_sentences
from aggregator.pipeline.types import Draft


def _embed_topics(texts: Sequence[str]) -> NDArray[np.float32]:
    """Give sentences about the same thing the same direction."""
    things = ("수도", "인구", "날씨")
    rows = [[float(thing in text) for thing in things] + [0.1 * ("모두" in text)] for text in texts]
    table = np.array(rows, dtype=np.float32) + 1e-6
    return np.asarray(table / np.linalg.norm(table, axis=1, keepdims=True), dtype=np.float32)


def _draft(name: str, text: str) -> Draft:
    return Draft(name, name, name, 0.5, text)


def test_numbers_and_negations_clash() -> None:
    assert is_contradiction("인구는 940만 명이다.", "인구는 1,000만 명이다.")
    assert is_contradiction("It is safe.", "It is not safe.")
    assert not is_contradiction("인구는 940만 명이다.", "940만 명이 산다.")


def test_code_and_marks_are_no_sentences() -> None:
    text = "# 서울은 대한민국의 수도입니다.\n```python\nprint(1)\n```\n- **인구**는 940만 명입니다."
    assert split_sentences(text) == ["서울은 대한민국의 수도입니다.", "인구는 940만 명입니다."]


def test_claims_are_told_apart() -> None:
    drafts = [
        _draft("a", "서울은 대한민국의 수도입니다. 인구는 940만 명입니다."),
        _draft("b", "대한민국의 수도는 서울이에요. 인구는 1,200만 명이에요. 겨울 날씨는 춥습니다."),
    ]
    claims = map_disagreements(drafts, _embed_topics)
    assert [claim.kind for claim in claims] == ["contested", "shared", "added_by_one"]
    assert (claims[0].candidates, claims[0].against) == (("a",), ("b",))
    assert claims[1].candidates == ("a", "b")
    assert claims[2].candidates == ("b",)


def test_one_candidate_has_nobody_to_disagree_with() -> None:
    assert map_disagreements([_draft("a", "서울은 대한민국의 수도입니다.")], _embed_topics) == ()
