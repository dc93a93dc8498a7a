"""The contract of the ad market: ids of a closed vocabulary in, one labelled ad or a named reason out.

Standard library only and JSON-safe, so that the market can run in process or behind HTTP. No field can hold a
prompt, a message vector or a user id, and `decode_request` rejects unknown fields.
"""

from dataclasses import asdict, dataclass, fields
from typing import Literal

SensitivityVerdict = Literal["pass", "block"]
TERM_LIMIT = 12
TOPIC_LIMIT = 5
NEAR_LIMIT = 24
# Weights of near terms are 1 to this: four bits, so that a request tells roughly what a turn is about.
WEIGHT_STEPS = 15
# Probabilities cross the border in whole percent, so that they tell little about a prompt.
MAX_PERCENT = 100
UNKNOWN_PERCENT = -1


class ContractError(ValueError):
    """A request or an answer does not follow the contract."""


@dataclass(frozen=True, slots=True)
class AdRequest:
    """One ad request: what a turn is about, in terms of the market's vocabulary.

    `near` names terms that the turn does not contain but is near to in meaning, each with its weight.
    `intent_percent` is the probability that the person is choosing or buying something, `work_percent` that
    the prompt is work which no ad should interrupt; requests of earlier releases have neither.
    """

    request_id: str
    placement: str
    vocabulary_version: str
    term_ids: tuple[int, ...]
    topics: tuple[str, ...]
    language: str
    device: str
    sensitivity: SensitivityVerdict
    sensitive_classes: tuple[str, ...] = ()
    frequency_key: str = ""
    audience: str = ""
    near: tuple[tuple[int, int], ...] = ()
    intent_percent: int = UNKNOWN_PERCENT
    work_percent: int = UNKNOWN_PERCENT


@dataclass(frozen=True, slots=True)
class ServedAd:
    """One ad to show, with signed links; impression and click count once."""

    offer: str
    label: str
    advertiser: str
    title: str
    body: str
    display_domain: str
    why: tuple[str, ...]
    click_url: str
    impression_url: str
    hide_url: str
    report_url: str
    is_ai_written: bool = False


@dataclass(frozen=True, slots=True)
class NoAd:
    """No ad, with a reason of a closed list (docs/ad.md)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The market's closed vocabulary: (id, normalised term) pairs, matched against prompts by the caller.

    `negatives` are the ids of negative keywords: a request must name every one that the prompt contains,
    before any other term. `glosses` describe the terms that are found by meaning, in words of their ads, and
    `vectors` holds 384 signed bytes for each of them. `version` identifies all of this.
    """

    version: str
    terms: tuple[tuple[int, str], ...]
    negatives: frozenset[int] = frozenset()
    glosses: tuple[tuple[int, str], ...] = ()
    vectors: bytes = b""

    def describe_terms(self) -> tuple[tuple[int, str], ...]:
        """Return the terms that are found by meaning, each with its words and its gloss."""
        wanted = {number for number, _ in self.glosses}
        texts = {number: text for number, text in self.terms if number in wanted}
        return tuple((number, f"{texts.get(number, '')} {gloss}".strip()) for number, gloss in self.glosses)


_PERCENTS = {"intent_percent", "work_percent"}


def encode_request(request: AdRequest) -> dict[str, object]:
    """Return the request as plain JSON values."""
    document = {name: getattr(request, name) for name in _REQUEST_FIELDS}
    if not request.near:
        # A service of the release before does not know the field, and its vocabulary has no glosses.
        del document["near"]
    return document


_LISTS = {"term_ids", "topics", "sensitive_classes", "near"}
_REQUEST_FIELDS = tuple(field.name for field in fields(AdRequest))


def decode_request(document: dict[str, object]) -> AdRequest:
    """Decode a request; raises ContractError on an unknown field, a wrong type or too many ids."""
    known = set(_REQUEST_FIELDS)
    unknown = set(document) - known
    if unknown:
        raise ContractError(f"unknown fields: {', '.join(sorted(unknown))}")
    texts = {name: _text(document, name) for name in known - _LISTS - _PERCENTS}
    verdict: SensitivityVerdict = "pass" if texts.pop("sensitivity") == "pass" else "block"
    return AdRequest(
        term_ids=_term_ids(document),
        topics=_words(document, "topics", TOPIC_LIMIT),
        sensitive_classes=_words(document, "sensitive_classes", TERM_LIMIT),
        sensitivity=verdict,
        near=_near_terms(document),
        intent_percent=_percent(document, "intent_percent"),
        work_percent=_percent(document, "work_percent"),
        **texts,
    )


def _text(document: dict[str, object], name: str) -> str:
    text = document.get(name, "")
    if not isinstance(text, str) or len(text) > 64:
        raise ContractError(f"{name}: a text of at most 64 characters is needed")
    return text


def _percent(document: dict[str, object], name: str) -> int:
    percent = document.get(name, UNKNOWN_PERCENT)
    if not isinstance(percent, int) or isinstance(percent, bool):
        raise ContractError(f"{name}: a whole number is needed")
    if not UNKNOWN_PERCENT <= percent <= MAX_PERCENT:
        raise ContractError(f"{name}: from {UNKNOWN_PERCENT} to {MAX_PERCENT}")
    return percent


def _term_ids(document: dict[str, object]) -> tuple[int, ...]:
    ids = document.get("term_ids", ())
    if not isinstance(ids, list | tuple) or len(ids) > TERM_LIMIT:
        raise ContractError(f"term_ids: at most {TERM_LIMIT} ids")
    if any(not isinstance(term, int) or isinstance(term, bool) for term in ids):
        raise ContractError("term_ids: whole numbers only")
    return tuple(ids)


def _near_terms(document: dict[str, object]) -> tuple[tuple[int, int], ...]:
    pairs = document.get("near", ())
    if not isinstance(pairs, list | tuple) or len(pairs) > NEAR_LIMIT:
        raise ContractError(f"near: at most {NEAR_LIMIT} terms")
    near = []
    for pair in pairs:
        is_pair = isinstance(pair, list | tuple) and len(pair) == 2
        if not is_pair or any(type(part) is not int for part in pair):
            raise ContractError("near: pairs of an id and a weight")
        number, weight = pair
        if not 1 <= weight <= WEIGHT_STEPS:
            raise ContractError(f"near: weights of 1 to {WEIGHT_STEPS}")
        near.append((number, weight))
    return tuple(near)


def _words(document: dict[str, object], name: str, limit: int) -> tuple[str, ...]:
    words = document.get(name, ())
    if not isinstance(words, list | tuple) or len(words) > limit:
        raise ContractError(f"{name}: at most {limit} words")
    if any(not isinstance(word, str) or len(word) > 32 for word in words):
        raise ContractError(f"{name}: short words only")
    return tuple(words)


def to_percent(probability: float) -> int:
    """Return a probability as it crosses the border: in whole percent, rounded down."""
    return int(MAX_PERCENT * probability)


def encode_answer(answer: ServedAd | NoAd) -> dict[str, object]:
    """Return an answer as plain JSON values: an ad, or a reason."""
    if isinstance(answer, NoAd):
        return {"ad": None, "reason": answer.reason}
    return {"ad": asdict(answer), "reason": ""}


def decode_answer(document: dict[str, object]) -> ServedAd | NoAd:
    """Decode an answer; raises ContractError when it does not follow the contract."""
    ad = document.get("ad")
    if ad is None:
        return NoAd(_text(document, "reason") or "error")
    if not isinstance(ad, dict) or set(ad) != {field.name for field in fields(ServedAd)}:
        raise ContractError("not an ad")
    why, is_ai_written = ad.pop("why"), ad.pop("is_ai_written")
    if not isinstance(is_ai_written, bool):
        raise ContractError("whether a program wrote an ad is yes or no")
    if not isinstance(why, list | tuple) or not all(isinstance(text, str) for text in [*why, *ad.values()]):
        raise ContractError("an ad holds texts only")
    return ServedAd(**ad, why=tuple(why), is_ai_written=is_ai_written)
