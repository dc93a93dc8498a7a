"""Plain rows of the inventory, between the database and the snapshot builder."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TermRow:
    """A vocabulary term and the ids of the terms inside it."""

    id: int
    text: str
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KeywordRow:
    """A keyword with its effective bid; `fit` is how well it fits the ads of its group."""

    id: int
    group: int
    term: int
    match: str
    bid_micros: int
    fit: float = 1.0

    @property
    def is_found_by_meaning(self) -> bool:
        """Whether near requests find it: a broad keyword, or a context hint, which has no row."""
        return self.match == "broad" or self.id < 0


@dataclass(frozen=True, slots=True)
class Gloss:
    """What ads say that are found by a term, and the term's vector (384,)."""

    text: str
    vector: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class CreativeRow:
    """An approved creative with its smoothed click rate and its number of impressions."""

    id: int
    rate: float
    views: int


@dataclass(frozen=True, slots=True)
class GroupRow:
    """An active ad group with its audience, negative terms and creatives."""

    id: int
    campaign: int
    language: str
    device: str
    topics: tuple[str, ...]
    negatives: tuple[int, ...]
    creatives: tuple[CreativeRow, ...]


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """An active campaign; times are Unix seconds, and an `ends` of 0 means no end."""

    id: int
    advertiser: int
    category: str
    starts: int
    ends: int
    views_a_person: int
    reserve_micros: int


@dataclass(frozen=True, slots=True)
class ClickWeights:
    """The published click model: weights of shape (BUCKETS,) or (0,), trust from 0 to 1, and calibration."""

    version: int = 0
    trust: float = 0.0
    calibration: float = 1.0
    weights: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Inventory:
    """All rows of the inventory at one moment."""

    terms: tuple[TermRow, ...] = ()
    campaigns: tuple[CampaignRow, ...] = ()
    groups: tuple[GroupRow, ...] = ()
    keywords: tuple[KeywordRow, ...] = ()
    categories: tuple[str, ...] = ()
    click_weights: ClickWeights = field(default_factory=ClickWeights)
    # The terms that are found by meaning, by id.
    glosses: Mapping[int, Gloss] = field(default_factory=dict)
