"""Help with an ad's text from its landing page: title and description, cut to what an ad may hold."""

import hashlib
import logging
import re
import time
from dataclasses import asdict, dataclass

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from ads.infra.page_fetch import PageFetchError, PageReader, PageText
from ads.models import Creative

logger = logging.getLogger(__name__)

MAX_READS_PER_HOUR = 20
HOUR_SECONDS = 3_600
KEPT_SECONDS = HOUR_SECONDS
# A page that could not be read may be back soon.
FAILED_SECONDS = 120
TITLE_CHARS = Creative._meta.get_field("title").max_length or 50
BODY_CHARS = Creative._meta.get_field("body").max_length or 100
# What follows is mostly the name of the site.
TITLE_SEPARATORS = re.compile(r"\s+(?:[|\-–—:·]|::|»)\s+")


@dataclass(frozen=True, slots=True)
class CopyIdeas:
    """A title and a body for an ad; empty where the page has none."""

    title: str
    body: str


def read_landing_page(url: str, *, account_id: int, may_connect: bool = True) -> PageText | None:
    """Return the texts of a page, from the cache or from the site; None when they cannot be had.

    `url` is one that LandingUrlField accepts. Each account may have MAX_READS_PER_HOUR pages read.
    """
    if not settings.ADS_READ_LANDING_PAGES or not url:
        return None
    key = f"ads:page:{hashlib.sha256(url.encode()).hexdigest()}"
    try:
        known = cache.get(key)
        if known is not None or not may_connect or _exceeds_limit(account_id):
            return PageText(**known) if known else None
        page = _fetch(url)
        cache.set(key, asdict(page) if page else {}, KEPT_SECONDS if page else FAILED_SECONDS)
    except RedisError as error:
        # Without the count there is no limit, so nothing is read.
        logger.warning("no landing page is read (%s)", type(error).__name__)
        return None
    return page


def suggest_copy(page: PageText) -> CopyIdeas:
    """Return the page's own name as a title, and its description as a body, each cut between words."""
    title = TITLE_SEPARATORS.split(page.title, maxsplit=1)[0]
    return CopyIdeas(cut(title, TITLE_CHARS), cut(page.description, BODY_CHARS))


def cut(text: str, most: int) -> str:
    """Return a text of at most `most` characters, cut between words where it has any."""
    visible = "".join(sign for sign in text if sign.isprintable())
    if len(visible) <= most:
        return visible.strip()
    whole_words = visible[: most + 1].rpartition(" ")[0]
    return (whole_words or visible[:most]).rstrip(" ,.·-")


def _fetch(url: str) -> PageText | None:
    try:
        return PageReader().fetch(url)
    except PageFetchError as error:
        logger.info("a landing page could not be read: %s", error)
        return None


def _exceeds_limit(account_id: int) -> bool:
    key = f"ads:pages-read:{account_id}:{int(time.time() // HOUR_SECONDS)}"
    cache.add(key, 0, 2 * HOUR_SECONDS)
    return int(cache.incr(key)) > MAX_READS_PER_HOUR
