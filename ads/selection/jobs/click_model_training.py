"""Teaches the click model what became of our own offers; for a worker, never on a request."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import F, Func, JSONField, Q, Value
from django.utils import timezone

from ads.models import Category, ClickModel, Impression, Offer
from ads.selection.core.click_model import MAX_RATE, MIN_RATE, BucketArray, Ftrl, load_ftrl, log_loss
from ads.selection.core.ctr import DEFAULT_CLICK_RATE
from ads.selection.core.features import FEATURES_VERSION, hash_features, hash_word, korean_hour
from ads.selection.core.index import MATCHES
from ads.selection.core.inventory import ClickWeights

# A look counts as not clicked once this time has passed, and a sweep has looked at its click by then.
LABEL_DELAY = datetime.timedelta(minutes=90)
BATCH_LIMIT = 20_000
KEPT_MODELS = 5
BEFORE_FIRST_IMPRESSION = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
# What smoothing alone said when the offer was made stands in the trace of its auction.
SMOOTHED_RATE_PATH = '$[*] ? (@.rung == "won").smoothed_rate'


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One look: the offer that was seen, what smoothing said of it then, and whether a click followed."""

    offer: Offer
    base: float
    is_click: bool
    at: datetime.datetime


def train_click_model(*, at: datetime.datetime | None = None) -> ClickModel | None:
    """Learn from the looks that have settled since the last version; nothing new makes no version."""
    latest = latest_click_model()
    model = load_ftrl(bytes(latest.weights)) if latest else Ftrl()
    since = latest.learned_until if latest else BEFORE_FIRST_IMPRESSION
    examples = list(_training_examples(since, (at or timezone.now()) - LABEL_DELAY))
    if not examples:
        return None
    losses, base_losses = _train(model, examples)
    kept = ClickModel.objects.create(
        form=FEATURES_VERSION,
        learned_until=examples[-1].at,
        looks=model.impressions,
        clicks=model.clicks,
        trust=model.trust,
        loss=losses / len(examples),
        base_loss=base_losses / len(examples),
        provenance=f"FTRL-Proximal on our own valid looks and clicks; {len(examples)} since the last version",
        weights=model.dump(),
    )
    old = ClickModel.objects.order_by("-id").values_list("id", flat=True)[KEPT_MODELS:]
    ClickModel.objects.filter(id__in=list(old)).delete()
    return kept


def latest_click_model() -> ClickModel | None:
    """Return the newest version that was taught the traits we look at today."""
    return ClickModel.objects.filter(form=FEATURES_VERSION).order_by("-id").first()


def read_click_weights() -> ClickWeights:
    """Return what is published of the newest version; a model that is not trusted weighs nothing."""
    latest = latest_click_model()
    if latest is None or latest.trust <= 0:
        return ClickWeights(version=latest.id if latest else 0)
    model = load_ftrl(bytes(latest.weights))
    return ClickWeights(latest.id, model.trust, model.calibration, model.weights())


def _train(model: Ftrl, examples: Sequence[TrainingExample]) -> tuple[float, float]:
    features = _features_of([example.offer for example in examples])
    losses = base_losses = 0.0
    for example, row in zip(examples, features, strict=True):
        rate = model.learn(row, example.base, is_click=example.is_click)
        losses += log_loss(rate, example.is_click)
        base_losses += log_loss(example.base, example.is_click)
    return losses, base_losses


def _training_examples(since: datetime.datetime, until: datetime.datetime) -> Iterator[TrainingExample]:
    smoothed = Func(
        F("offer__trace"),
        Value(SMOOTHED_RATE_PATH),
        function="jsonb_path_query_first",
        template="%(function)s(%(expressions)s::jsonpath)",
        output_field=JSONField(),
    )
    impressions = (
        Impression.objects.filter(verdict="valid", created_at__gt=since, created_at__lte=until)
        .annotate(smoothed=smoothed, clicked=F("offer__click__verdict"))
        # A click that was found invalid, then or afterwards, says nothing about people.
        .filter(Q(clicked=None) | ~Q(clicked="invalid"), offer__click__credit=None)
        .select_related("offer__campaign")
        .defer("offer__trace")
        .order_by("created_at", "offer_id")
    )
    for impression in impressions[:BATCH_LIMIT]:
        rate = (
            impression.smoothed
            if impression.smoothed is not None
            else impression.offer.click_rate or DEFAULT_CLICK_RATE
        )
        base = min(MAX_RATE, max(MIN_RATE, float(rate)))
        yield TrainingExample(impression.offer, base, impression.clicked is not None, impression.created_at)


def _features_of(offers: Sequence[Offer]) -> BucketArray:
    categories = {category: place for place, category in enumerate(Category.values)}
    features = {
        "creative": [offer.creative_id for offer in offers],
        "group": [offer.ad_group_id for offer in offers],
        "campaign": [offer.campaign_id for offer in offers],
        "advertiser": [offer.campaign.advertiser_id for offer in offers],
        "category": [categories[offer.campaign.category] for offer in offers],
        "keyword": [offer.keyword_id or 0 for offer in offers],
        # A hint is found like a phrase.
        "match": [MATCHES.index(offer.match if offer.match in MATCHES else "phrase") for offer in offers],
        "fit": [int(np.float32(offer.relevance) * 10) for offer in offers],
        "topic": [hash_word(offer.topics[0] if offer.topics else "") for offer in offers],
        "language": [hash_word(offer.language) for offer in offers],
        "device": [hash_word(offer.device) for offer in offers],
        "placement": [hash_word(offer.placement) for offer in offers],
        "hour": [korean_hour(int(offer.created_at.timestamp())) for offer in offers],
    }
    return hash_features({name: np.array(values) for name, values in features.items()}, len(offers))
