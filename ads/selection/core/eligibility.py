"""Eligibility checks: the first check that fails is the reason why a contender is not shown."""

from itertools import product

import numpy as np

from ads.contract import AdRequest
from ads.selection.core.decision import EligibilityStatus
from ads.selection.core.index import (
    DEVICES,
    LANGUAGES,
    Int32Array,
    Int64Array,
    Snapshot,
    expand_ranges,
    is_in_sorted,
)
from ads.selection.core.overrides import CampaignOverrides, StatusCodes, are_keywords_off
from ads.selection.core.posting_lists import QueryTerms

OTHER = "other"
# Plain integers: comparing a whole array with an enumeration member is slow.
ELIGIBLE, PAUSED = int(EligibilityStatus.ELIGIBLE), int(EligibilityStatus.PAUSED)


def audience_code(language: str, device: str) -> int:
    """Return the code of an ad group's audience: a language of LANGUAGES and a device of DEVICES."""
    return LANGUAGES.index(language) * len(DEVICES) + DEVICES.index(device)


def _audience_statuses(language: str, device: str) -> StatusCodes:
    """Return the status by audience code, shape (languages × devices,), for a request of this audience."""
    statuses = []
    # A request without a device matches every device.
    for wanted_language, wanted_device in product(LANGUAGES, DEVICES):
        if wanted_language not in ("any", language):
            statuses.append(EligibilityStatus.OTHER_LANGUAGE)
        elif device and wanted_device not in ("any", device):
            statuses.append(EligibilityStatus.OTHER_DEVICE)
        else:
            statuses.append(EligibilityStatus.ELIGIBLE)
    return np.array(statuses, dtype=np.int8)


_AUDIENCE_STATUSES = {
    (language, device): _audience_statuses(language, device)
    for language in (*LANGUAGES, OTHER)
    for device in (*DEVICES, OTHER, "")
}


def check_eligibility(
    snapshot: Snapshot,
    request: AdRequest,
    query_terms: QueryTerms,
    keywords: Int64Array,
    *,
    live: CampaignOverrides,
    now: int,
) -> StatusCodes:
    """Return for each keyword row, shape (n,), the first check it or its group fails, or ELIGIBLE."""
    groups = snapshot.keyword_group[keywords]
    campaigns = snapshot.group_campaign[groups]
    statuses = live.statuses[campaigns]
    paused = statuses == PAUSED
    # From the last check to the first, so that the first one that fails is written last.
    statuses[_groups_with_negative(snapshot, query_terms, groups)] = EligibilityStatus.NEGATIVE_KEYWORD
    audience = _AUDIENCE_STATUSES[
        request.language if request.language in LANGUAGES else OTHER,
        request.device if not request.device or request.device in DEVICES else OTHER,
    ][snapshot.group_audience[groups]]
    np.copyto(statuses, audience, where=audience != ELIGIBLE)
    ends = snapshot.campaign_ends[campaigns]
    closed = (snapshot.campaign_starts[campaigns] > now) | ((ends <= now) & (ends > 0))
    statuses[closed] = EligibilityStatus.OUT_OF_SCHEDULE
    if len(live.keywords_off):
        statuses[are_keywords_off(snapshot, keywords, live)] = EligibilityStatus.KEYWORD_OFF
    statuses[paused] = PAUSED
    return statuses


def _groups_with_negative(snapshot: Snapshot, query_terms: QueryTerms, groups: Int32Array) -> Int64Array:
    flat, owners = expand_ranges(snapshot.group_negative_start, groups)
    return owners[is_in_sorted(query_terms.covered, snapshot.group_negatives[flat])]
