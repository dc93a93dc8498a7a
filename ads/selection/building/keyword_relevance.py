"""Scores how well each keyword fits the ads of its group, from embeddings computed in advance by a worker.

Only the market's own texts are embedded, keywords and ads; prompts never are.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ads.models import AdGroup, Campaign, Creative, Keyword, TextVector
from ads.selection.building import ad_relevance
from ads.selection.core.inventory import Gloss, KeywordRow
from language.embed import DIMENSIONS, Role, embed
from language.near_terms import combine_vector

# Part of each vector's digest: change it with the embedding model.
MODEL = "multilingual-e5-small-4bit"
BATCH_LIMIT = 100
# An unrelated keyword loses this share of its relevance, a synonymous one gains it.
MAX_FIT_CHANGE = 0.15
UNRELATED_AFFINITY, SAME_AFFINITY = -0.1, 0.5
# Query expansion compares with at most this many ads.
MAX_COMPARED_ADS = 5_000
GLOSS_HEADLINES, GLOSS_CHARS = 3, 160


@dataclass(frozen=True, slots=True)
class EmbeddedText:
    """A text of the inventory and its role in the embedding model (query or passage)."""

    words: str
    role: Role

    @property
    def digest(self) -> bytes:
        """The key of its stored vector."""
        return hashlib.sha256(f"{MODEL}|{self.role}|{self.words}".encode()).digest()


def embed_inventory(*, limit: int = BATCH_LIMIT) -> int:
    """Embed up to `limit` texts of the inventory without a vector; return how many. For workers only."""
    campaigns = Campaign.objects.filter(status=Campaign.Status.ACTIVE)
    groups = list(AdGroup.objects.filter(campaign__in=campaigns, is_on=True).order_by("id"))
    keywords = Keyword.objects.filter(ad_group__in=groups).order_by("id").values_list("text", flat=True)
    texts = [_ad_text(copy) for copy in read_ad_copies(groups).values()]
    texts += [EmbeddedText(words, "query") for words in keywords]
    texts += [EmbeddedText(hint, "query") for group in groups for hint in group.hints]
    known = _read_vectors(texts)
    fresh = [text for text in dict.fromkeys(texts) if text.digest not in known][:limit]
    for text in fresh:
        vector = embed([text.words], role=text.role)[0].astype(np.float16).tobytes()
        TextVector.objects.get_or_create(digest=text.digest, defaults={"vector": vector})
    return len(fresh)


def read_ad_copies(groups: Sequence[AdGroup]) -> dict[int, ad_relevance.AdCopy]:
    """Return the text of the approved ads of each group, by group id."""
    by_group: dict[int, list[Creative]] = defaultdict(list)
    approved = Creative.objects.filter(ad_group__in=groups, is_on=True, review=Creative.Review.APPROVED)
    for creative in approved.order_by("id"):
        by_group[creative.ad_group_id].append(creative)
    return {
        group.id: ad_relevance.AdCopy(
            " ".join(creative.title for creative in by_group[group.id]),
            " ".join([*(creative.body for creative in by_group[group.id]), *group.hints]),
        )
        for group in groups
        if group.id in by_group
    }


def score_keywords(
    rows: Sequence[KeywordRow], words: dict[int, str], copies: dict[int, ad_relevance.AdCopy]
) -> tuple[KeywordRow, ...]:
    """Return the rows with their fits; `words` maps term ids to texts. Without a vector, the fit stays 1."""
    ads = _vectors_by_group(copies, _read_vectors([_ad_text(copy) for copy in copies.values()]))
    if not ads:
        return tuple(rows)
    ad_terms = {group: ad_relevance.extract_terms(copies[group]) for group in ads}
    frequencies = ad_relevance.count_document_frequencies(ad_terms.values())
    neighbours = np.stack(list(ads.values())[:MAX_COMPARED_ADS])
    terms = {row.term: EmbeddedText(words[row.term], "query") for row in rows if row.group in ads}
    vectors = _read_vectors(terms.values())
    expanded = {
        term: ad_relevance.expand_query_vectors(vectors[text.digest][None, :], neighbours)[0]
        for term, text in terms.items()
        if text.digest in vectors
    }
    return tuple(
        replace(
            row,
            fit=fit_factor(
                ad_relevance.score_lexical_match(words[row.term], ad_terms[row.group], frequencies),
                float(expanded[row.term] @ ads[row.group]),
            ),
        )
        if row.group in ads and row.term in expanded
        else row
        for row in rows
    )


def describe_terms(
    rows: Iterable[KeywordRow], words: dict[int, str], copies: dict[int, ad_relevance.AdCopy]
) -> dict[int, Gloss]:
    """Return the glosses of all terms that are found by meaning: headlines of a few ads, and a vector."""
    headlines: dict[int, dict[str, None]] = defaultdict(dict)
    for row in rows:
        if row.is_found_by_meaning and row.group in copies:
            headlines[row.term][copies[row.group].title] = None
    vectors = _read_vectors(EmbeddedText(words[term], "query") for term in headlines)
    glosses = {}
    for term, titles in headlines.items():
        text = " / ".join(list(titles)[:GLOSS_HEADLINES])[:GLOSS_CHARS]
        vector = vectors.get(EmbeddedText(words[term], "query").digest)
        glosses[term] = Gloss(text, combine_vector(words[term], text, vector))
    return glosses


def fit_factor(lexical: float, cosine: float) -> float:
    """Return the factor that scales a keyword's relevance, from 1 - MAX_FIT_CHANGE to 1 + MAX_FIT_CHANGE."""
    affinity = float(ad_relevance.combine_affinity(np.array([lexical]), np.array([cosine]))[0])
    place = min(1.0, max(0.0, (affinity - UNRELATED_AFFINITY) / (SAME_AFFINITY - UNRELATED_AFFINITY)))
    return 1 - MAX_FIT_CHANGE + 2 * MAX_FIT_CHANGE * place


def _ad_text(copy: ad_relevance.AdCopy) -> EmbeddedText:
    return EmbeddedText(f"{copy.title} {copy.body}".strip(), "passage")


def _vectors_by_group(
    copies: dict[int, ad_relevance.AdCopy], vectors: dict[bytes, ad_relevance.Float32Array]
) -> dict[int, ad_relevance.Float32Array]:
    named = ((group, _ad_text(copy).digest) for group, copy in copies.items())
    return {group: vectors[digest] for group, digest in named if digest in vectors}


def _read_vectors(texts: Iterable[EmbeddedText]) -> dict[bytes, ad_relevance.Float32Array]:
    digests = list({text.digest for text in texts})
    vectors: dict[bytes, ad_relevance.Float32Array] = {}
    for start in range(0, len(digests), 5_000):
        rows = TextVector.objects.filter(digest__in=digests[start : start + 5_000])
        for digest, vector in rows.values_list("digest", "vector"):
            row = np.frombuffer(bytes(vector), dtype=np.float16).astype(np.float32)
            if len(row) == DIMENSIONS:
                vectors[bytes(digest)] = row
    return vectors
