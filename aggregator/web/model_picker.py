"""The picker as a person reads it: each model with its details in words, and the presets."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from aggregator.domain.messages import LANGUAGES, topic_label
from aggregator.execution.model_offers import ModelOffer, Preset, list_model_offers, list_presets
from aggregator.pipeline.types import Strategy

# A model that is good at more topics is described by the first of them.
MAX_TOPICS = 3
PRICES: dict[str, Promise] = {
    "low": gettext_lazy("비용 낮음"),
    "mid": gettext_lazy("비용 중간"),
    "high": gettext_lazy("비용 높음"),
}
# Each preset's name and what it asks.
PRESETS: dict[str, tuple[Promise, Promise]] = {
    "auto": (gettext_lazy("자동"), gettext_lazy("질문마다 알맞은 모델")),
    "fast": (gettext_lazy("빠르게"), gettext_lazy("가장 빠른 모델 하나")),
    "careful": (gettext_lazy("꼼꼼하게"), gettext_lazy("여러 모델의 답을 비교")),
    "code": (gettext_lazy("코드"), gettext_lazy("코드를 잘 쓰는 모델들")),
}


@dataclass(frozen=True, slots=True)
class Detail:
    """One detail about a model in words; `kind` is its class on the page."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ModelOption:
    """A model of the picker; one that is not affordable today cannot be chosen.

    `can_fuse` is whether it may write one answer from several in the page's language. The longest prompt that
    it can read, and the longest conversation that it reads whole, are in tokens as the composer counts them.
    """

    slug: str
    name: str
    vendor: str
    details: tuple[Detail, ...]
    is_affordable: bool
    can_fuse: bool
    max_prompt_tokens: int
    max_whole_tokens: int


@dataclass(frozen=True, slots=True)
class PresetOption:
    """A preset of the picker with the choice that it stands for; `panel` is slugs divided by spaces."""

    name: str
    label: str
    note: str
    strategy: str
    panel: str


@dataclass(frozen=True, slots=True)
class ModelPicker:
    """What a person may ask, best model first."""

    models: tuple[ModelOption, ...]
    presets: tuple[PresetOption, ...]
    # Whether no model on offer fuses because none of them can tell whether fused answers are better.
    is_fusion_unproven: bool


def build_picker() -> ModelPicker:
    """Return the models on offer and the presets in the active language."""
    language = "en" if get_language() == "en" else "ko"
    offers = list_model_offers(language)
    presets = list_presets(offers, language)
    models = tuple(_describe_model(offer, language) for offer in offers)
    is_unproven = bool(offers) and all(
        not offer.model.can_fuse and offer.model.fusion_problem for offer in offers
    )
    return ModelPicker(models, tuple(map(_describe_preset, presets)), is_fusion_unproven=is_unproven)


def _describe_model(offer: ModelOffer, language: str) -> ModelOption:
    model = offer.model
    details = (_describe_speed(offer), *_describe_topics(offer), *_describe_terms(offer))
    can_fuse = model.can_fuse and language in model.languages
    return ModelOption(
        slug=model.slug,
        name=model.name,
        vendor=model.vendor,
        details=details,
        is_affordable=offer.is_affordable,
        can_fuse=can_fuse,
        max_prompt_tokens=offer.max_prompt_tokens,
        max_whole_tokens=offer.max_whole_tokens,
    )


def _describe_preset(preset: Preset) -> PresetOption:
    label, note = PRESETS[preset.name]
    if preset.strategy == Strategy.SINGLE and not preset.panel:
        # Without measured times nobody knows which model is the fastest.
        note = gettext_lazy("한 모델만")
    return PresetOption(preset.name, str(label), str(note), preset.strategy, " ".join(preset.panel))


def _describe_speed(offer: ModelOffer) -> Detail:
    if offer.expected_ms is None:
        return Detail("unmeasured", _("속도 측정 전"))
    time = _("{n}초").format(n=_format_seconds(offer.expected_ms))
    if offer.speed is None:
        return Detail("speed", _("답까지 예상 {time}").format(time=time))
    return Detail("speed", _("답까지 보통 {time}").format(time=time))


def _describe_topics(offer: ModelOffer) -> list[Detail]:
    if offer.voted_topics:
        return [
            Detail("voted", _("사람들이 고른 분야: {topics}").format(topics=_join_topics(offer.voted_topics)))
        ]
    if offer.model.strengths:
        return [Detail("strength", _("{topics}에 강해요").format(topics=_join_topics(offer.model.strengths)))]
    return []


def _describe_terms(offer: ModelOffer) -> list[Detail]:
    is_free = (
        Detail("free", _("무료")) if offer.is_affordable else Detail("not-today", _("오늘은 쓸 수 없어요"))
    )
    return [
        Detail("languages", _describe_languages(offer.model.languages)),
        Detail("price", str(PRICES[offer.price_class])),
        is_free,
    ]


def _describe_languages(languages: Sequence[str]) -> str:
    named = [str(LANGUAGES[each]) for each in languages if each in LANGUAGES and each != "other"]
    if len(named) == 1 and "other" not in languages:
        return _("{language}만").format(language=named[0])
    joined = _join(named)
    return _("{languages} 등").format(languages=joined) if "other" in languages else joined


def _join_topics(topics: Sequence[str]) -> str:
    return _join([topic_label(topic) for topic in topics[:MAX_TOPICS]])


def _join(words: Sequence[str]) -> str:
    return pgettext("separator", "·").join(words)


def _format_seconds(duration_ms: int) -> str:
    """Return seconds with one decimal below ten, as the page writes them."""
    seconds = duration_ms / 1000
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}".removesuffix(".0")
