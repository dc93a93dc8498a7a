"""Turns rows into a snapshot; runs in a background worker, never on a request."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ads.selection.eligibility import audience_code
from ads.selection.index import BROAD, MATCHES, SHELVES, Marks, Small, Snapshot, mark_of
from ads.selection.relevance import fits_of, most_relevance
from ads.selection.rows import ClickWeights, GroupRow, Inventory, KeywordRow, TermRow
from ads.selection.topics import topic_bits

Columns = dict[str, NDArray[Any]]
MARGIN = np.float32(1.0001)


def build(inventory: Inventory, *, version: str) -> Snapshot:
    """Return the snapshot of these rows; keywords of unknown groups or terms are left out."""
    terms = sorted(inventory.terms, key=lambda term: term.id)
    places = {term.id: place for place, term in enumerate(terms)}
    campaigns = {campaign.id: place for place, campaign in enumerate(inventory.campaigns)}
    groups = [group for group in inventory.groups if group.campaign in campaigns and group.creatives]
    group_places = {group.id: place for place, group in enumerate(groups)}
    token_parts = [
        sorted({places[token] for token in term.tokens if token in places} - {place})
        for place, term in enumerate(terms)
    ]
    keywords = [row for row in inventory.keywords if row.group in group_places and row.term in places]
    shelves, others = _shelve(keywords, places, token_parts)
    order = np.argsort(shelves, kind="stable")
    keywords = [keywords[place] for place in order.tolist()]
    shelves = shelves[order]
    worths = _lay_worths(keywords, places, token_parts, {group.id: group for group in groups})
    return Snapshot(
        version=version,
        keyword_shelf_start=shelves.searchsorted(np.arange(SHELVES * len(terms) + 1)).astype(np.int32),
        keyword_order=_most_valuable_first(shelves, worths["keyword_worth"]),
        keyword_order_unasked=_most_valuable_first(shelves, worths["keyword_worth_unasked"]),
        keyword_others=others[order],
        keyword_terms=_small(places[row.term] for row in keywords),
        keyword_group=_small(group_places[row.group] for row in keywords),
        group_campaign=_small(campaigns[group.campaign] for group in groups),
        **_lay_terms(terms, token_parts),
        **_lay_keywords(keywords),
        **worths,
        **_lay_groups(groups, places),
        **_lay_creatives(groups),
        **_lay_campaigns(inventory),
        **_lay_clicks(inventory.click_weights),
    )


def _lay_terms(terms: Sequence[TermRow], token_parts: list[list[int]]) -> Columns:
    texts = [term.text.encode("utf-8") for term in terms]
    token_start, tokens = _flatten(token_parts)
    return {
        "term_ids": _ints(term.id for term in terms),
        "term_texts": np.frombuffer(b"".join(texts), dtype=np.uint8),
        "term_text_start": np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64),
        "term_kind": np.array([term.kind for term in terms], dtype=np.uint8),
        "term_token_start": token_start,
        "term_tokens": tokens,
    }


def _lay_keywords(keywords: Sequence[KeywordRow]) -> Columns:
    return {
        "keyword_ids": _ints(row.id for row in keywords),
        "keyword_match": np.array([MATCHES.index(row.match) for row in keywords], dtype=np.uint8),
        "keyword_bid": _ints(row.bid_micros for row in keywords),
    }


def _lay_groups(groups: Sequence[GroupRow], places: dict[int, int]) -> Columns:
    negative_start, negatives = _flatten(
        [[places[term] for term in group.negatives if term in places] for group in groups]
    )
    return {
        "group_ids": _ints(group.id for group in groups),
        "group_audience": np.array(
            [audience_code(group.language, group.device) for group in groups], dtype=np.uint8
        ),
        "group_topics": np.array([topic_bits(group.topics) for group in groups], dtype=np.uint64),
        "group_negative_start": negative_start,
        "group_negatives": negatives,
    }


def _lay_creatives(groups: Sequence[GroupRow]) -> Columns:
    start, _ = _flatten([[creative.id for creative in group.creatives] for group in groups])
    creatives = [creative for group in groups for creative in group.creatives]
    best = [max(creative.rate for creative in group.creatives) for group in groups]
    return {
        "group_creative_start": start,
        "group_rate": np.array(best, dtype=np.float32),
        "creative_ids": _ints(creative.id for creative in creatives),
        "creative_rates": np.array([creative.rate for creative in creatives], dtype=np.float32),
        "creative_views": _small(creative.views for creative in creatives),
    }


def _lay_campaigns(inventory: Inventory) -> Columns:
    campaigns, categories = inventory.campaigns, inventory.categories
    return {
        "campaign_ids": _ints(campaign.id for campaign in campaigns),
        "campaign_advertiser": _ints(campaign.advertiser for campaign in campaigns),
        "campaign_category": _small(categories.index(campaign.category) for campaign in campaigns),
        "campaign_starts": _ints(campaign.starts for campaign in campaigns),
        "campaign_ends": _ints(campaign.ends for campaign in campaigns),
        "campaign_views_a_person": _small(campaign.views_a_person for campaign in campaigns),
        "campaign_reserve": _ints(campaign.reserve_micros for campaign in campaigns),
    }


def _lay_clicks(model: ClickWeights) -> Columns:
    facts = [float(model.version), model.trust, model.calibration]
    return {"click_weights": model.weights, "click_model": np.array(facts, dtype=np.float64)}


def _lay_worths(
    keywords: Sequence[KeywordRow],
    places: dict[int, int],
    token_parts: list[list[int]],
    groups: dict[int, GroupRow],
) -> Columns:
    rates = {number: max(creative.rate for creative in group.creatives) for number, group in groups.items()}
    worth = np.fromiter((row.bid_micros * rates[row.group] for row in keywords), dtype=np.float32)
    asked, unasked = fits_of(
        np.array([MATCHES.index(row.match) for row in keywords], dtype=np.uint8),
        _small(len(token_parts[places[row.term]]) for row in keywords),
        np.fromiter((row.fit for row in keywords), dtype=np.float16),
    )
    # No rounding may make a keyword look like less than it is.
    return {
        "keyword_fit": asked,
        "keyword_fit_unasked": unasked,
        "keyword_worth": worth * most_relevance(asked) * MARGIN,
        "keyword_worth_unasked": worth * most_relevance(unasked) * MARGIN,
    }


def _shelve(
    keywords: Sequence[KeywordRow], places: dict[int, int], token_parts: list[list[int]]
) -> tuple[NDArray[np.int64], Marks]:
    # A broad keyword is filed under its rarest word, so that common words open short lists only.
    popularity = np.zeros(len(places), dtype=np.int64)
    for row in keywords:
        if row.match == MATCHES[BROAD]:
            popularity[token_parts[places[row.term]]] += 1
    shelves = np.zeros(len(keywords), dtype=np.int64)
    others = np.zeros(len(keywords), dtype=np.uint64)
    for place, row in enumerate(keywords):
        anchor, shelf = places[row.term], MATCHES.index(row.match)
        parts = token_parts[anchor] if shelf == BROAD else []
        if parts:
            anchor = min(parts, key=lambda part: (popularity[part], part))
            marks = 0
            for part in parts:
                marks |= mark_of(part) if part != anchor else 0
            others[place] = marks
            shelf += len(parts) > 1
        shelves[place] = SHELVES * anchor + shelf
    return shelves, others


def _most_valuable_first(shelves: NDArray[np.int64], worth: NDArray[np.float32]) -> Small:
    return np.lexsort((-worth, shelves)).astype(np.int32)


def _flatten(parts: Sequence[Sequence[int]]) -> tuple[Small, Small]:
    start = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int32)
    return start, _small(number for part in parts for number in part)


def _ints(numbers: Iterable[int]) -> NDArray[np.int64]:
    return np.fromiter(numbers, dtype=np.int64)


def _small(numbers: Iterable[int]) -> Small:
    return np.fromiter(numbers, dtype=np.int32)
