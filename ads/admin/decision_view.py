"""The record of a decided ad request as text: every candidate with its status, scores and prices."""

from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from ads.contract import UNKNOWN_PERCENT
from ads.models import AdGroup, Campaign, Category, Keyword
from ads.reporting.decision_trace import find_decision
from ui.won import render_won

STATUS_LABELS: dict[str, Promise] = {
    "standing": _("경매 참여"),
    "paused": _("꺼져 있음"),
    "keyword_off": _("키워드가 꺼져 있음"),
    "out_of_schedule": _("기간이 아님"),
    "other_language": _("다른 언어"),
    "other_device": _("다른 기기"),
    "negative_keyword": _("제외 키워드"),
    "no_budget": _("예산이 다함"),
    "no_intent": _("살 뜻이 없는 질문"),
    "not_relevant": _("뜻이 다름"),
    "seen_often": _("오늘 충분히 봤음"),
    "below_reserve": _("최저가보다 낮음"),
    "outbid": _("더 높은 점수에 밀림"),
    "won": _("낙찰"),
}
NO_AD_LABELS: dict[str, Promise] = {
    "sensitive": _("민감한 주제"),
    "no_match": _("맞는 광고가 없음"),
    "no_intent": _("무엇을 사거나 고르려는 질문이 아님"),
    "below_threshold": _("맞는 광고가 있었지만 모두 제외됨"),
    "frequency": _("오늘 충분히 봤음"),
    "no_budget": _("예산이 다함"),
    "not_adult": _("미성년일 수 있음"),
    "newcomer": _("오늘 첫 답이라 광고 없음"),
    "ad_load": _("조금 전에 광고를 봐서 광고 없음"),
    "frozen": _("장부가 맞지 않아 시장이 멈춤"),
    "stopped": _("고른 광고가 방금 꺼졌음"),
    "error": _("시장에서 오류가 남"),
}
LANGUAGE_LABELS: dict[str, Promise] = {
    "ko": _("한국어"),
    "en": _("영어"),
    "ja": _("일본어"),
    "zh": _("중국어"),
    "other": _("다른 언어"),
}
# Where a click rate comes from; a learned model appears under its own name.
RATE_SOURCE_LABELS: dict[str, Promise] = {"smoothed": _("실적으로 예상"), "drawn": _("새 광고라 시험 노출")}


def describe_decision(record: dict[str, Any]) -> dict[str, object]:
    """Return a request's record for a template, with labels and amounts in place of codes and micros."""
    request, lines, limits = record["request"], record["contenders"], record.get("limits", {})
    campaigns = dict(
        Campaign.objects.filter(pk__in={line["campaign"] for line in lines}).values_list("pk", "name")
    )
    return {
        "request_id": request["request_id"],
        "repeats": record.get("repeats", ""),
        "language": _label(LANGUAGE_LABELS, request["language"]),
        # The trace kept for a day has the device, an offer has not.
        "device": _label(dict(AdGroup.Device.choices), request.get("device", "")),
        "topics": ", ".join(
            _label(dict(Category.choices), str(topic)) for topic in request.get("topics", ())
        ),
        "intent": _describe_percents(request, limits),
        "version": record["version"],
        "reason": _label(NO_AD_LABELS, record["reason"]),
        "price": render_won(record["price_micros"]),
        "shadow_price": render_won(record["shadow_price_micros"]),
        "is_explored": record["is_explored"],
        "contender_rows": [
            _describe_contender(line, campaigns)
            | {"miss": _describe_miss(line, request, limits, best=max(each["score"] for each in lines))}
            for line in lines
        ],
    }


def render_decision(request_id: str) -> SafeString:
    """Return a request's decision as HTML; empty where none is remembered."""
    try:
        record = find_decision(request_id)
    except RedisError:
        record = None
    if record is None:
        return SafeString()
    return SafeString(render_to_string("ads/admin/_decision.html", {"decision": describe_decision(record)}))


def _describe_contender(line: dict[str, Any], campaigns: dict[int, str]) -> dict[str, object]:
    return line | {
        "is_winner": line["rung"] == "won",
        "status": _label(STATUS_LABELS, line["rung"]),
        "campaign": campaigns.get(line["campaign"], f"#{line['campaign']}"),
        "match": _label(dict(Keyword.Match.choices), line["match"]),
        "bid": render_won(int(line["bid_micros"])),
        # Recorded only where it is less than the bid.
        "left": render_won(line.get("left_micros")),
        "reserve": render_won(line.get("reserve_micros")),
        "click_rate": 100 * float(line["click_rate"]),
        # Older records have the smoothed rate alone.
        "smoothed_rate": 100 * float(line.get("smoothed_rate", line["click_rate"])),
        "source": _label(RATE_SOURCE_LABELS, line.get("rate_source", "smoothed")),
    }


def _describe_percents(request: dict[str, Any], limits: dict[str, Any]) -> str:
    """Return the probabilities of the prompt's intent beside their limits; empty where none was sent."""
    intent, work = request.get("intent_percent", UNKNOWN_PERCENT), request.get("work_percent")
    if intent == UNKNOWN_PERCENT or not limits:
        return ""
    numbers = {
        "intent": intent,
        "least": limits["intent_percent"],
        "work": work,
        "most": limits["work_percent"],
    }
    wanted = _("사려는 질문일 확률 %(intent)d%% (%(least)d%%부터 광고)") % numbers
    return f"{wanted} · {_('작업일 확률 %(work)d%% (%(most)d%%까지 광고)') % numbers}"


def _describe_miss(
    line: dict[str, Any], request: dict[str, Any], limits: dict[str, Any], *, best: float
) -> str:
    """Return the threshold that a contender has missed, and by what; empty for other reasons."""
    status = line["rung"]
    if status == "no_intent":
        return _describe_percents(request, limits)
    if status == "not_relevant" and limits:
        return f"{line['relevance']:.2f} < {limits['relevance']:.2f}"
    if status == "below_reserve":
        left = line.get("left_micros")
        price = int(line["bid_micros"] * line["pace"])
        payable = render_won(price if left is None else min(price, int(left)))
        prices = {"payable": payable, "reserve": render_won(line["reserve_micros"])}
        return str(_("낼 수 있는 값 %(payable)s < 최저가 %(reserve)s") % prices)
    return f"{line['score']:,.0f} < {best:,.0f}" if status == "outbid" else ""


def _label(labels: Mapping[str, object], name: str) -> str:
    return str(labels.get(name, name))
