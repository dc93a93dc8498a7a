"""Whether an ad was really in sight: judged from when it was offered and what was kept of the look."""

import datetime

from ads.models import Impression

# A look takes a second of sight, so it cannot follow the auction sooner than this.
MIN_VIEW_DELAY = datetime.timedelta(milliseconds=900)


def judge_impression(offered_at: datetime.datetime, at: datetime.datetime) -> str:
    """Return what speaks against a look, in one word; empty when nothing does."""
    return "too_fast" if at - offered_at < MIN_VIEW_DELAY else ""


def judge_viewability(impression: Impression | None) -> str:
    """Return what a click lacks because of its look; empty when the ad was properly seen."""
    if impression is None:
        return "not_seen"
    return "" if impression.verdict == Impression.Verdict.VALID else "look_invalid"
