"""Builds a snapshot from plain rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ads.selection.core.brand_safety import topic_bits
from ads.selection.core.eligibility import audience_code
from ads.selection.core.index import (
    BROAD,
    LISTS_PER_TERM,
    MATCHES,
    Int32Array,
    Snapshot,
    UInt64Array,
    int64_array,
    signature_bit,
)
from ads.selection.core.inventory import ClickWeights, Gloss, GroupRow, Inventory, KeywordRow, TermRow
from ads.selection.core.relevance import keyword_fits, max_relevance

Columns = dict[str, NDArray[Any]]
ROUNDING_MARGIN = np.float32(1.0001)


def build_from_rows(inventory: Inventory, *, version: str) -> Snapshot:
    """Return the snapshot of these rows; keywords of unknown groups or terms are dropped."""
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
    posting_list_ids, others = _assign_posting_lists(keywords, places, token_parts)
    order = np.argsort(posting_list_ids, kind="stable")
    keywords = [keywords[place] for place in order.tolist()]
    posting_list_ids = posting_list_ids[order]
    worths = _value_columns(keywords, {group.id: group for group in groups})
    return Snapshot(
        version=version,
        keyword_shelf_start=posting_list_ids.searchsorted(np.arange(LISTS_PER_TERM * len(terms) + 1)).astype(
            np.int32
        ),
        keyword_order=_most_valuable_first(posting_list_ids, worths["keyword_worth"]),
        keyword_others=others[order],
        keyword_terms=_int32_array(places[row.term] for row in keywords),
        keyword_group=_int32_array(group_places[row.group] for row in keywords),
        group_campaign=_int32_array(campaigns[group.campaign] for group in groups),
        **_term_columns(terms, token_parts),
        **_near_columns(keywords, places, inventory.glosses),
        **_keyword_columns(keywords),
        **worths,
        **_group_columns(groups, places),
        **_creative_columns(groups),
        **_campaign_columns(inventory),
        **_click_model_columns(inventory.click_weights),
    )


def _term_columns(terms: Sequence[TermRow], token_parts: list[list[int]]) -> Columns:
    texts = [term.text.encode("utf-8") for term in terms]
    token_start, tokens = _flatten(token_parts)
    return {
        "term_ids": int64_array(term.id for term in terms),
        "term_texts": np.frombuffer(b"".join(texts), dtype=np.uint8),
        "term_text_start": np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64),
        "term_token_start": token_start,
        "term_tokens": tokens,
    }


def _near_columns(
    keywords: Sequence[KeywordRow], places: Mapping[int, int], glosses: Mapping[int, Gloss]
) -> Columns:
    described = sorted(places[term] for term in glosses if term in places)
    by_place = {places[term]: gloss for term, gloss in glosses.items() if term in places}
    texts = [by_place[place].text.encode("utf-8") for place in described]
    vectors = [by_place[place].vector for place in described]
    found: list[list[int]] = [[] for _ in places]
    for number, row in enumerate(keywords):
        if row.is_found_by_meaning and places[row.term] in by_place:
            found[places[row.term]].append(number)
    for each in found:
        each.sort(key=lambda number: -keywords[number].bid_micros)
    start, near = _flatten(found)
    return {
        "gloss_terms": _int32_array(described),
        "gloss_texts": np.frombuffer(b"".join(texts), dtype=np.uint8),
        "gloss_text_start": np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64),
        "gloss_vectors": np.concatenate(vectors) if vectors else np.zeros(0, dtype=np.int8),
        "near_start": start,
        "near_keywords": near,
    }


def _keyword_columns(keywords: Sequence[KeywordRow]) -> Columns:
    return {
        "keyword_ids": int64_array(row.id for row in keywords),
        "keyword_match": np.array([MATCHES.index(row.match) for row in keywords], dtype=np.uint8),
        "keyword_bid": int64_array(row.bid_micros for row in keywords),
    }


def _group_columns(groups: Sequence[GroupRow], places: dict[int, int]) -> Columns:
    negative_start, negatives = _flatten(
        [[places[term] for term in group.negatives if term in places] for group in groups]
    )
    return {
        "group_ids": int64_array(group.id for group in groups),
        "group_audience": np.array(
            [audience_code(group.language, group.device) for group in groups], dtype=np.uint8
        ),
        "group_topics": np.array([topic_bits(group.topics) for group in groups], dtype=np.uint64),
        "group_negative_start": negative_start,
        "group_negatives": negatives,
    }


def _creative_columns(groups: Sequence[GroupRow]) -> Columns:
    start, _ = _flatten([[creative.id for creative in group.creatives] for group in groups])
    creatives = [creative for group in groups for creative in group.creatives]
    best = [max(creative.rate for creative in group.creatives) for group in groups]
    return {
        "group_creative_start": start,
        "group_rate": np.array(best, dtype=np.float32),
        "creative_ids": int64_array(creative.id for creative in creatives),
        "creative_rates": np.array([creative.rate for creative in creatives], dtype=np.float32),
        "creative_views": _int32_array(creative.views for creative in creatives),
    }


def _campaign_columns(inventory: Inventory) -> Columns:
    campaigns, categories = inventory.campaigns, inventory.categories
    return {
        "campaign_ids": int64_array(campaign.id for campaign in campaigns),
        "campaign_advertiser": int64_array(campaign.advertiser for campaign in campaigns),
        "campaign_category": _int32_array(categories.index(campaign.category) for campaign in campaigns),
        "campaign_starts": int64_array(campaign.starts for campaign in campaigns),
        "campaign_ends": int64_array(campaign.ends for campaign in campaigns),
        "campaign_views_a_person": _int32_array(campaign.views_a_person for campaign in campaigns),
        "campaign_reserve": int64_array(campaign.reserve_micros for campaign in campaigns),
    }


def _click_model_columns(model: ClickWeights) -> Columns:
    summary = [float(model.version), model.trust, model.calibration]
    return {"click_weights": model.weights, "click_model": np.array(summary, dtype=np.float64)}


def _value_columns(keywords: Sequence[KeywordRow], groups: dict[int, GroupRow]) -> Columns:
    rates = {number: max(creative.rate for creative in group.creatives) for number, group in groups.items()}
    worth = np.fromiter((row.bid_micros * rates[row.group] for row in keywords), dtype=np.float32)
    fits = keyword_fits(
        np.array([MATCHES.index(row.match) for row in keywords], dtype=np.uint8),
        np.fromiter((row.fit for row in keywords), dtype=np.float16),
    )
    # The worth is an upper bound, so rounding must not lower it.
    return {"keyword_fit": fits, "keyword_worth": worth * max_relevance(fits) * ROUNDING_MARGIN}


def _assign_posting_lists(
    keywords: Sequence[KeywordRow], places: dict[int, int], token_parts: list[list[int]]
) -> tuple[NDArray[np.int64], UInt64Array]:
    # A broad keyword is indexed under its rarest term, so that the lists of common terms stay short.
    popularity = np.zeros(len(places), dtype=np.int64)
    for row in keywords:
        if row.match == MATCHES[BROAD]:
            popularity[token_parts[places[row.term]]] += 1
    posting_list_ids = np.zeros(len(keywords), dtype=np.int64)
    others = np.zeros(len(keywords), dtype=np.uint64)
    for place, row in enumerate(keywords):
        anchor, list_kind = places[row.term], MATCHES.index(row.match)
        parts = token_parts[anchor] if list_kind == BROAD else []
        if parts:
            anchor = min(parts, key=lambda part: (popularity[part], part))
            signature = 0
            for part in parts:
                signature |= signature_bit(part) if part != anchor else 0
            others[place] = signature
            list_kind += len(parts) > 1
        posting_list_ids[place] = LISTS_PER_TERM * anchor + list_kind
    return posting_list_ids, others


def _most_valuable_first(posting_list_ids: NDArray[np.int64], worth: NDArray[np.float32]) -> Int32Array:
    return np.lexsort((-worth, posting_list_ids)).astype(np.int32)


def _flatten(parts: Sequence[Sequence[int]]) -> tuple[Int32Array, Int32Array]:
    start = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int32)
    return start, _int32_array(number for part in parts for number in part)


def _int32_array(numbers: Iterable[int]) -> Int32Array:
    return np.fromiter(numbers, dtype=np.int32)
