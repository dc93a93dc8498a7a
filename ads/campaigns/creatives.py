"""Creative versions: a draft can be edited; a version that was submitted for review never changes."""

import uuid
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from ads.campaigns.errors import InvalidChangeError
from ads.models import AdGroup, Creative


@dataclass(frozen=True, slots=True)
class CreativeContent:
    """The text of an ad and its landing page."""

    title: str
    body: str
    landing_url: str
    display_domain: str
    is_ai_generated: bool


@transaction.atomic
def draft_creative(*, ad_group: AdGroup, words: CreativeContent, key: uuid.UUID | None = None) -> Creative:
    """Create the first version of an ad; an existing one with this key is updated."""
    AdGroup.objects.select_for_update(no_key=True).get(pk=ad_group.pk)
    known = Creative.objects.filter(public_id=key).first() if key else None
    if known is not None and known.ad_group_id == ad_group.pk:
        return known if _has_content(known, words) else update_creative(creative=known, words=words)
    creative = Creative(ad_group=ad_group, public_id=uuid.uuid4() if known else key or uuid.uuid4())
    _apply_content(creative, words)
    creative.save()
    return creative


@transaction.atomic
def update_creative(*, creative: Creative, words: CreativeContent) -> Creative:
    """Update a draft in place; a submitted version is kept and the change becomes the next draft version.

    The approved version serves until the next one is approved. Unchanged content is no new version.
    """
    versions = Creative.objects.select_for_update(no_key=True).filter(lineage=creative.lineage)
    newest = versions.order_by("-version")[0]
    if newest.review in (Creative.Review.WAITING, Creative.Review.APPROVED) and _has_content(newest, words):
        return newest
    if newest.review != Creative.Review.DRAFT:
        if newest.review in (Creative.Review.WAITING, Creative.Review.REJECTED):
            newest.review = Creative.Review.RETIRED
            newest.save(update_fields=["review", "updated_at"])
        newest = Creative(ad_group=creative.ad_group, lineage=creative.lineage, version=newest.version + 1)
    _apply_content(newest, words)
    newest.save()
    return newest


@transaction.atomic
def submit_creative(*, creative: Creative) -> None:
    """Submit a draft for review."""
    creative = Creative.objects.select_for_update(no_key=True).get(pk=creative.pk)
    if creative.review != Creative.Review.DRAFT:
        raise InvalidChangeError(_("이미 검토를 요청한 문구예요."))
    creative.review = Creative.Review.WAITING
    creative.save(update_fields=["review", "updated_at"])


@transaction.atomic
def set_creative_enabled(*, creative: Creative, is_on: bool) -> None:
    """Switch all versions of an ad on or off."""
    for version in Creative.objects.select_for_update(no_key=True).filter(lineage=creative.lineage):
        version.is_on = is_on
        version.save(update_fields=["is_on", "updated_at"])


def find_demo_creative(slug: str) -> Creative | None:
    """Return the newest version of the demo ad with this slug, with its advertiser."""
    versions = Creative.objects.filter(landing_url=f"/ads/demo/{slug}/").order_by("-version")
    return versions.select_related("ad_group__campaign__advertiser").first()


def _has_content(creative: Creative, words: CreativeContent) -> bool:
    return all(getattr(creative, name) == value for name, value in asdict(words).items())


def _apply_content(creative: Creative, words: CreativeContent) -> None:
    for name, value in asdict(words).items():
        setattr(creative, name, value)
