"""The inventory as plain rows, between the database and the builder of snapshots."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

NORMAL, BUYING, MAKING = 0, 1, 2


@dataclass(frozen=True, slots=True)
class TermRow:
    """A vocabulary term, what it says about a prompt's purpose, and the ids of the words inside it."""

    id: int
    text: str
    kind: int = NORMAL
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KeywordRow:
    """A keyword of a group, with the group's own bid where it has none, and how well it fits the ads."""

    id: int
    group: int
    term: int
    match: str
    bid_micros: int
    fit: float = 1.0


@dataclass(frozen=True, slots=True)
class CreativeRow:
    """An approved creative with what is known of its clicks."""

    id: int
    rate: float
    views: int


@dataclass(frozen=True, slots=True)
class GroupRow:
    """An ad group that may serve, with its audience, its negative terms and its creatives."""

    id: int
    campaign: int
    language: str
    device: str
    topics: tuple[str, ...]
    negatives: tuple[int, ...]
    creatives: tuple[CreativeRow, ...]


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign that runs; times are whole seconds, 0 stands for no end."""

    id: int
    advertiser: int
    category: str
    starts: int
    ends: int
    views_a_person: int
    reserve_micros: int


@dataclass(frozen=True, slots=True)
class ClickWeights:
    """What was learned of clicks: weights, how far they are trusted, how many clicks came as expected."""

    version: int = 0
    trust: float = 0.0
    calibration: float = 1.0
    weights: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Inventory:
    """All rows of one moment."""

    terms: tuple[TermRow, ...] = ()
    campaigns: tuple[CampaignRow, ...] = ()
    groups: tuple[GroupRow, ...] = ()
    keywords: tuple[KeywordRow, ...] = ()
    categories: tuple[str, ...] = ()
    click_weights: ClickWeights = field(default_factory=ClickWeights)
