"""Reach estimates: how many recent requests an ad group would have matched, from the request sample.

A term that was not in the vocabulary could not be in any request, so its keywords are reported as uncounted
instead of as never requested.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from django.utils import timezone

from ads.campaigns.campaigns import AdGroupSpec
from ads.campaigns.keywords import KeywordSpec
from ads.domain.keyword_matching import split_phrase
from ads.models import AdGroup, Term
from ads.selection.core.index import BROAD, MATCHES, Snapshot
from ads.selection.core.relevance import RELEVANCE_THRESHOLD, keyword_fits
from ads.selection.serving.request_sample import KEPT_DAYS, SampledRequest, read_request_sample
from ads.selection.serving.snapshots import serving_state
from language.keyphrases import normalise

# Smaller counts are not reported, so that an estimate reveals nothing about a single request.
MIN_REPORTED = 10


@dataclass(frozen=True, slots=True)
class ReachEstimate:
    """Requests of the last `days` days and matches; keywords not countable, or added within that time."""

    days: int
    requests: int
    matched: int
    uncounted: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    has_counted: bool = True

    @property
    def is_below_minimum(self) -> bool:
        """Whether the number of matches is too small to report."""
        return self.matched < MIN_REPORTED

    @property
    def about(self) -> int:
        """The matches rounded to two digits, and below a hundred to tens, so that no single request shows."""
        return round_count(self.matched)

    @property
    def about_requests(self) -> int:
        """All requests of these days, rounded likewise."""
        return round_count(self.requests)


def round_count(count: int) -> int:
    """Return a count rounded to two digits, and below a hundred down to tens."""
    return count // 10 * 10 if count < 100 else round(count, 2 - len(str(count)))


@dataclass(frozen=True, slots=True)
class KeywordPattern:
    """A keyword as term ids, and whether it passes the threshold of relevance."""

    term: int
    words: frozenset[int]
    match: str
    is_relevant: bool


class TermTable:
    """The terms inside of a snapshot's terms, cached."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.find = cache(self._look_up)

    def _look_up(self, term: int) -> frozenset[int] | None:
        """Return the terms inside a term; None when it is not in the snapshot."""
        snapshot = self._snapshot
        place = int(np.searchsorted(snapshot.term_ids, term))
        if place == len(snapshot.term_ids) or snapshot.term_ids[place] != term:
            return None
        start, stop = snapshot.term_token_start[place], snapshot.term_token_start[place + 1]
        return frozenset(snapshot.term_ids[snapshot.term_tokens[start:stop]].tolist())


def estimate_reach(spec: AdGroupSpec, *, negatives: Iterable[str] = ()) -> ReachEstimate:
    """Return how many recent requests these keywords would have matched."""
    now = timezone.now()
    sample = read_request_sample(at=now)
    since = sample.since or now
    days = min(KEPT_DAYS, -(-(now - since) // datetime.timedelta(days=1)))
    term_table = TermTable(serving_state().snapshot)
    unwanted = {normalise(text) for text in (*spec.negatives, *negatives)}
    known = _find_terms(spec.keywords, unwanted)
    counted, uncounted, recent = _resolve_keywords(spec.keywords, known, term_table, since)
    excluded = frozenset(known[norm][0] for norm in unwanted if norm in known)
    in_scope = (
        request
        for request in sample.sample
        if spec.language in ("any", request.language)
        and (spec.device in ("any", request.device) or not request.device)
    )
    matched = _count_matched(in_scope, counted, excluded, term_table)
    return ReachEstimate(max(1, days), sample.count, matched, uncounted, recent, has_counted=bool(counted))


def read_enabled_spec(group: AdGroup) -> AdGroupSpec:
    """Return the current state of an ad group, without the keywords that are switched off."""
    return AdGroupSpec(
        name=group.name,
        default_bid_micros=group.default_bid_micros,
        language=group.language,
        device=group.device,
        keywords=tuple(
            KeywordSpec(keyword.text, keyword.match, keyword.bid_micros)
            for keyword in group.keywords.filter(is_on=True)
        ),
        negatives=tuple(group.negative_keywords.values_list("text", flat=True)),
    )


def _count_matched(
    requests: Iterable[SampledRequest],
    keywords: Sequence[KeywordPattern],
    excluded: frozenset[int],
    term_table: TermTable,
) -> int:
    """Return the weighted number of requests that match a keyword, by the rules of selection.

    A negative's exclusions count only from MIN_REPORTED on, or the difference would reveal a single request.
    """
    posting_lists: dict[int, list[KeywordPattern]] = defaultdict(list)
    for keyword in keywords:
        posting_lists[
            min(keyword.words) if keyword.match == MATCHES[BROAD] and keyword.words else keyword.term
        ].append(keyword)
    total = 0.0
    taken: dict[int, float] = defaultdict(float)
    excluded_weights: list[tuple[float, set[int]]] = []
    for request in requests:
        inner = {term: known for term in request.terms if (known := term_table.find(term)) is not None}
        covered = set(inner).union(*inner.values())
        if any(
            _matches(keyword, covered, inner)
            for term in covered & posting_lists.keys()
            for keyword in posting_lists[term]
        ):
            total += request.weight
            unwanted = covered & excluded
            excluded_weights.append((request.weight, unwanted))
            for term in unwanted:
                taken[term] += request.weight
    reported = {term for term, weight in taken.items() if weight >= MIN_REPORTED}
    return round(total - sum(weight for weight, unwanted in excluded_weights if unwanted & reported))


def _matches(keyword: KeywordPattern, covered: set[int], inner: dict[int, frozenset[int]]) -> bool:
    if not keyword.is_relevant:
        return False
    if keyword.match == MATCHES[BROAD]:
        return keyword.words <= covered
    if keyword.term not in inner:
        return False
    return keyword.match == "phrase" or inner.keys() <= {keyword.term, *inner[keyword.term]}


def _find_terms(
    keywords: Iterable[KeywordSpec], unwanted: Iterable[str]
) -> dict[str, tuple[int, datetime.datetime]]:
    names = {normalise(word) for each in keywords for word in (each.text, *split_phrase(each.text))}
    rows = Term.objects.filter(key__in=names.union(unwanted)).values_list("key", "id", "created_at")
    return {name: (number, created_at) for name, number, created_at in rows}


def _resolve_keywords(
    keywords: Sequence[KeywordSpec],
    known: dict[str, tuple[int, datetime.datetime]],
    term_table: TermTable,
    since: datetime.datetime,
) -> tuple[list[KeywordPattern], tuple[str, ...], tuple[str, ...]]:
    counted: list[KeywordPattern] = []
    uncounted: list[str] = []
    recent: list[str] = []
    for keyword in keywords:
        parts = [normalise(word) for word in split_phrase(keyword.text)]
        is_split = keyword.match == MATCHES[BROAD] and bool(parts)
        needed = parts if is_split else [normalise(keyword.text)]
        if not all(name in known and term_table.find(known[name][0]) is not None for name in needed):
            uncounted.append(keyword.text)
            continue
        if any(known[name][1] > since for name in needed):
            recent.append(keyword.text)
        counted.append(_to_pattern(keyword, [known[name][0] for name in needed], is_split=is_split))
    return counted, tuple(uncounted), tuple(recent)


def _to_pattern(keyword: KeywordSpec, terms: list[int], *, is_split: bool) -> KeywordPattern:
    # The fit to the ads is unknown before there are any, so the best one is assumed.
    fit = keyword_fits(np.array([MATCHES.index(keyword.match)], dtype=np.uint8), np.ones(1, dtype=np.float16))
    return KeywordPattern(
        term=terms[0],
        words=frozenset(terms) if is_split else frozenset(),
        match=keyword.match,
        is_relevant=bool(fit[0] >= RELEVANCE_THRESHOLD),
    )
