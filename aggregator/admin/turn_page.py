"""The admin's page of a turn: conversation, route, costs, timeline and the ad's decision, in words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from aggregator.admin.turn_labels import ERRORS, EVENTS, RANK_REASONS, ROUTE_REASONS, STRATEGY_CHANGES
from aggregator.domain.messages import ANSWER_KINDS, LANGUAGES, NO_AD_REASONS, label_of, topic_label
from aggregator.models import Candidate, Signal, Turn
from aggregator.placements import request_key
from aggregator.selectors.turn_report import CandidateReport, TurnReport, read_turn_report
from aggregator.streaming.turn_history import TimedEvent, Timeline, read_timeline
from ui.won import render_won

RAW_FIELDS = ("route_reasons", "route", "ranking", "claims", "supports", "placement", "asked_panel")


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline: seconds since the turn was opened, what happened, and to which model."""

    seconds: str
    label: str
    detail: str
    is_failure: bool


def build_turn_context(turn: Turn) -> dict[str, Any]:
    """Return what the template of the page shows."""
    report = read_turn_report(turn)
    turn = report.turn
    timeline = read_timeline(turn, [each.row for each in report.candidates], report.usages)
    return {
        "turn": turn,
        "report": report,
        "properties": list(_list_properties(turn)),
        "answer_kind": label_of(ANSWER_KINDS, turn.answer_kind),
        "answer_by": turn.answer_model or _name_of(turn.answer_candidate),
        "candidates": [_describe_candidate(each) for each in report.candidates],
        "error": label_of(ERRORS, turn.error),
        "route_rows": list(_list_route(report)),
        "route_reasons": [label_of(ROUTE_REASONS, str(code)) for code in turn.route_reasons],
        "moments": _describe_timeline(turn, timeline, report),
        "is_estimated": timeline.is_estimated,
        "cost_rows": [_describe_usage(usage) for usage in report.usages],
        "cost_total": _render_cost(turn.cost_micros),
        "ad": (turn.placement or {}).get("ad"),
        "no_ad_reason": label_of(NO_AD_REASONS, str((turn.placement or {}).get("reason", ""))),
        "ad_decision": import_string(settings.AD_DECISION_RENDERER)(request_key(turn)),
        "raw": [(name, _format_json(getattr(turn, name))) for name in RAW_FIELDS],
    }


def _list_properties(turn: Turn) -> Iterator[tuple[str, str]]:
    yield _("질문한 사용자"), str(turn.conversation.owner)
    yield _("언어"), label_of(LANGUAGES, turn.language)
    if turn.device:
        yield _("기기"), turn.get_device_display()
    yield _("방식"), turn.get_strategy_display()
    if turn.asked_strategy and turn.asked_strategy != turn.strategy:
        yield _("요청한 방식"), str(Turn.Strategy(turn.asked_strategy).label)
    if change := str(turn.route.get("change", "")):
        yield _("방식이 바뀐 이유"), label_of(STRATEGY_CHANGES, change)
    if turn.duration_ms:
        yield _("걸린 시간"), _render_seconds(turn.duration_ms)
    yield _("비용"), _render_cost(turn.cost_micros)
    if turn.attempt > 1:
        yield _("시도"), str(turn.attempt)


def _describe_candidate(report: CandidateReport) -> dict[str, Any]:
    row = report.row
    deeds = [f"{_('더 좋은 답으로 고름')} {report.votes}"] if report.votes else []
    deeds += [f"{Signal.Kind(kind).label} {count}" for kind, count in report.signals.items()]
    return {
        "rank": report.rank,
        "row": row,
        "is_answer": report.is_answer,
        "status": row.get_status_display(),
        "is_failure": row.status == Candidate.Status.FAILED,
        "error": label_of(ERRORS, row.error),
        "ttft": "" if row.ttft_ms is None else _render_seconds(row.ttft_ms),
        "duration": _render_seconds(row.duration_ms) if row.duration_ms else "",
        "cost": _render_cost(row.cost_micros),
        "reasons": [label_of(RANK_REASONS, code) for code in report.reasons],
        "score": None if report.score is None else f"{report.score:.2f}",
        "deeds": deeds,
    }


def _list_route(report: TurnReport) -> Iterator[tuple[str, str]]:
    plan, turn = report.route, report.turn
    if plan.get("topic"):
        yield _("주제"), topic_label(str(plan["topic"]))
    if plan.get("quality") is not None and plan:
        yield _("예상 품질"), _("%(quality)s점 (0–1)") % {"quality": f"{plan['quality']:.2f}"}
    if plan.get("cost_micros") is not None:
        expected, real = _render_cost(int(plan["cost_micros"])), _render_cost(turn.cost_micros)
        yield _("예상 비용과 실제 비용"), f"{expected} → {real}"
    if plan.get("price"):
        yield _("품질 1점의 가격"), _describe_price(float(plan["price"]))
    if plan.get("tried"):
        yield _("시험 삼아 물어본 모델"), str(plan["tried"])
    for each in report.candidates:
        if each.propensity is not None:
            share = _("고를 확률 %(percent)s%%") % {"percent": f"{100 * each.propensity:.0f}"}
            yield each.row.model_name, share


def _describe_price(price: float) -> str:
    # The price is quality a won: its inverse is what one point of quality may cost.
    return _("%(won)s원까지 낼 수 있어요") % {"won": f"{1 / price:,.1f}"}


def _describe_timeline(turn: Turn, timeline: Timeline, report: TurnReport) -> list[Moment]:
    names = {str(each.row.public_id): each.row.model_name for each in report.candidates}
    return [
        Moment(
            seconds=f"{max((event.at - turn.opened_at).total_seconds(), 0):.2f}",
            label=label_of(EVENTS, event.kind),
            detail=" · ".join(_list_details(event, names)),
            is_failure=event.values.get("status") == "failed",
        )
        for event in timeline.events
    ]


def _list_details(event: TimedEvent, names: dict[str, str]) -> Iterator[str]:
    values = event.values
    if values.get("candidate"):
        yield names.get(str(values["candidate"]), str(values["candidate"]))
    if event.kind == "route_chosen":
        yield ", ".join(str(member["name"]) for member in values.get("panel", ()))
    if values.get("model"):
        yield str(values["model"])
    if values.get("kind"):
        yield label_of(ANSWER_KINDS, str(values["kind"]))
    if values.get("provisional"):
        yield _("아직 바뀔 수 있음")
    yield from _list_outcome(event)


def _list_outcome(event: TimedEvent) -> Iterator[str]:
    values = event.values
    if values.get("error"):
        yield label_of(ERRORS, str(values["error"]))
    if values.get("output_tokens"):
        yield _("%(count)s토큰") % {"count": f"{values['output_tokens']:,}"}
    if event.kind == "placement_made":
        ad = values.get("ad")
        yield str(ad["advertiser"]) if ad else label_of(NO_AD_REASONS, str(values.get("reason", "")))


def _describe_usage(usage: Any) -> dict[str, str]:
    return {
        "purpose": usage.get_purpose_display(),
        "model": usage.model,
        "tokens": f"{usage.input_tokens:,} → {usage.output_tokens:,}",
        "source": usage.get_source_display(),
        "cost": _render_cost(usage.cost_micros),
    }


def _render_seconds(milliseconds: int) -> str:
    return _("%(seconds)s초") % {"seconds": f"{milliseconds / 1_000:.1f}"}


def _render_cost(micros: int) -> str:
    return render_won(micros, 3 if micros else None)


def _name_of(candidate: Candidate | None) -> str:
    return candidate.model_name if candidate else ""


def _format_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
