"""Teaches the click model what became of our own offers; for a worker, never on a request."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import F, Func, JSONField, Q, Value
from django.utils import timezone

from ads.models import Category, ClickModel, Impression, Offer
from ads.selection.ctr import HOUSE_RATE
from ads.selection.ftrl import LEAST, MOST, Features, Ftrl, load_ftrl, loss_of
from ads.selection.index import MATCHES
from ads.selection.rows import ClickWeights
from ads.selection.traits import FORM, code_of, hash_traits, hour_of

# A look counts as not clicked once this time has passed, and a sweep has looked at its click by then.
SETTLED = datetime.timedelta(minutes=90)
LEARNED_AT_ONCE = 20_000
KEPT_MODELS = 5
FIRST_DAY = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
# What smoothing alone said when the offer was made stands in the trace of its auction.
SMOOTHED_THEN = '$[*] ? (@.rung == "won").smoothed_rate'


@dataclass(frozen=True, slots=True)
class Lesson:
    """One look: the offer that was seen, what smoothing said of it then, and whether a click followed."""

    offer: Offer
    base: float
    is_click: bool
    at: datetime.datetime


def learn_clicks(*, at: datetime.datetime | None = None) -> ClickModel | None:
    """Learn from the looks that have settled since the last version; nothing new makes no version."""
    latest = latest_model()
    model = load_ftrl(bytes(latest.weights)) if latest else Ftrl()
    since = latest.learned_until if latest else FIRST_DAY
    lessons = list(_lessons(since, (at or timezone.now()) - SETTLED))
    if not lessons:
        return None
    losses, base_losses = _study(model, lessons)
    kept = ClickModel.objects.create(
        form=FORM,
        learned_until=lessons[-1].at,
        looks=model.looks,
        clicks=model.clicks,
        trust=model.trust,
        loss=losses / len(lessons),
        base_loss=base_losses / len(lessons),
        provenance=f"FTRL-Proximal on our own valid looks and clicks; {len(lessons)} since the last version",
        weights=model.dump(),
    )
    old = ClickModel.objects.order_by("-id").values_list("id", flat=True)[KEPT_MODELS:]
    ClickModel.objects.filter(id__in=list(old)).delete()
    return kept


def latest_model() -> ClickModel | None:
    """Return the newest version that was taught the traits we look at today."""
    return ClickModel.objects.filter(form=FORM).order_by("-id").first()


def read_weights() -> ClickWeights:
    """Return what is published of the newest version; a model that is not trusted weighs nothing."""
    latest = latest_model()
    if latest is None or latest.trust <= 0:
        return ClickWeights(version=latest.id if latest else 0)
    model = load_ftrl(bytes(latest.weights))
    return ClickWeights(latest.id, model.trust, model.calibration, model.weights())


def _study(model: Ftrl, lessons: Sequence[Lesson]) -> tuple[float, float]:
    features = _features_of([lesson.offer for lesson in lessons])
    losses = base_losses = 0.0
    for lesson, row in zip(lessons, features, strict=True):
        rate = model.learn(row, lesson.base, is_click=lesson.is_click)
        losses += loss_of(rate, lesson.is_click)
        base_losses += loss_of(lesson.base, lesson.is_click)
    return losses, base_losses


def _lessons(since: datetime.datetime, until: datetime.datetime) -> Iterator[Lesson]:
    smoothed = Func(
        F("offer__trace"),
        Value(SMOOTHED_THEN),
        function="jsonb_path_query_first",
        template="%(function)s(%(expressions)s::jsonpath)",
        output_field=JSONField(),
    )
    looks = (
        Impression.objects.filter(verdict="valid", created_at__gt=since, created_at__lte=until)
        .annotate(smoothed=smoothed, clicked=F("offer__click__verdict"))
        # A click that was found invalid, then or afterwards, says nothing about people.
        .filter(Q(clicked=None) | ~Q(clicked="invalid"), offer__click__credit=None)
        .select_related("offer__campaign")
        .defer("offer__trace")
        .order_by("created_at", "offer_id")
    )
    for look in looks[:LEARNED_AT_ONCE]:
        rate = look.smoothed if look.smoothed is not None else look.offer.click_rate or HOUSE_RATE
        base = min(MOST, max(LEAST, float(rate)))
        yield Lesson(look.offer, base, look.clicked is not None, look.created_at)


def _features_of(offers: Sequence[Offer]) -> Features:
    categories = {category: place for place, category in enumerate(Category.values)}
    traits = {
        "creative": [offer.creative_id for offer in offers],
        "group": [offer.ad_group_id for offer in offers],
        "campaign": [offer.campaign_id for offer in offers],
        "advertiser": [offer.campaign.advertiser_id for offer in offers],
        "category": [categories[offer.campaign.category] for offer in offers],
        "keyword": [offer.keyword_id or 0 for offer in offers],
        # A hint is found like a phrase.
        "match": [MATCHES.index(offer.match if offer.match in MATCHES else "phrase") for offer in offers],
        "fit": [int(np.float32(offer.relevance) * 10) for offer in offers],
        "topic": [code_of(offer.topics[0] if offer.topics else "") for offer in offers],
        "language": [code_of(offer.language) for offer in offers],
        "device": [code_of(offer.device) for offer in offers],
        "placement": [code_of(offer.placement) for offer in offers],
        "hour": [hour_of(int(offer.created_at.timestamp())) for offer in offers],
    }
    return hash_traits({name: np.array(values) for name, values in traits.items()}, len(offers))
