"""Plain BM25, the measure to beat: whole words in lower case, nothing else."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"\w+")
K1, B = 1.2, 0.75


class Bm25:
    """Scores all texts of a corpus for a query."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(WORD.findall(text.lower())) for text in texts]
        lengths = np.array([sum(count.values()) for count in counts], dtype=np.float64)
        self._slack = K1 * (1 - B + B * lengths / lengths.mean())
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for place, count in enumerate(counts):
            for word, times in count.items():
                self._postings[word].append((place, times))

    def score(self, query: str) -> NDArray[np.float64]:
        """Return the score of each text."""
        total = len(self._slack)
        scores = np.zeros(total)
        for word in dict.fromkeys(WORD.findall(query.lower())):
            having = self._postings.get(word, [])
            weight = math.log(1 + (total - len(having) + 0.5) / (len(having) + 0.5))
            for place, times in having:
                scores[place] += weight * times * (K1 + 1) / (times + self._slack[place])
        return scores
