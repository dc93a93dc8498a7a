"""Trains the click model on the outcomes of served offers; runs hourly on a worker."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import F, Func, JSONField, Q, Value
from django.utils import timezone

from ads.models import Category, ClickModel, Impression, Offer
from ads.selection.building.learned_models import latest_click_model
from ads.selection.core.click_model import MAX_RATE, MIN_RATE, Ftrl, load_ftrl, log_loss
from ads.selection.core.click_rates import DEFAULT_CLICK_RATE
from ads.selection.core.features import FEATURES_VERSION, ImpressionColumns, bucket_features
from ads.selection.core.index import MATCHES, int64_array

# An impression counts as not clicked after this delay, by which time the click audit has judged its click.
LABEL_DELAY = datetime.timedelta(minutes=90)
BATCH_LIMIT = 20_000
KEPT_MODELS = 5
BEFORE_FIRST_IMPRESSION = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
# The smoothed rate at the time of the auction is in the offer's trace.
SMOOTHED_RATE_PATH = '$[*] ? (@.rung == "won").smoothed_rate'


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One impression: its offer, the smoothed rate at the time of the auction, and whether it was clicked."""

    offer: Offer
    base: float
    is_click: bool
    at: datetime.datetime


def train_click_model(*, at: datetime.datetime | None = None) -> ClickModel | None:
    """Train on the impressions since the last version; without new ones, no version is created."""
    latest = latest_click_model()
    model = load_ftrl(bytes(latest.weights)) if latest else Ftrl()
    since = latest.learned_until if latest else BEFORE_FIRST_IMPRESSION
    examples = list(_training_examples(since, (at or timezone.now()) - LABEL_DELAY))
    if not examples:
        return None
    losses, base_losses = _train(model, examples)
    version = ClickModel.objects.create(
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
    return version


def _train(model: Ftrl, examples: Sequence[TrainingExample]) -> tuple[float, float]:
    buckets = bucket_features(_columns_of([example.offer for example in examples]))
    losses = base_losses = 0.0
    for example, row in zip(examples, buckets, strict=True):
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
        # Invalid and credited clicks are excluded with their impressions.
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


def _columns_of(offers: Sequence[Offer]) -> ImpressionColumns:
    categories = {category: place for place, category in enumerate(Category.values)}
    return ImpressionColumns(
        creative=int64_array(offer.creative_id for offer in offers),
        group=int64_array(offer.ad_group_id for offer in offers),
        campaign=int64_array(offer.campaign_id for offer in offers),
        advertiser=int64_array(offer.campaign.advertiser_id for offer in offers),
        category=int64_array(categories[offer.campaign.category] for offer in offers),
        keyword=int64_array(offer.keyword_id or 0 for offer in offers),
        # A context hint matches like a phrase.
        match=int64_array(
            MATCHES.index(offer.match if offer.match in MATCHES else "phrase") for offer in offers
        ),
        relevance=np.array([offer.relevance for offer in offers], dtype=np.float32),
        topic=[offer.topics[0] if offer.topics else "" for offer in offers],
        language=[offer.language for offer in offers],
        device=[offer.device for offer in offers],
        placement=[offer.placement for offer in offers],
        second=int64_array(int(offer.created_at.timestamp()) for offer in offers),
    )
