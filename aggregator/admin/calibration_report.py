"""A calibration in words: its estimate, its progress and its result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aggregator.admin.provider_texts import describe_error
from aggregator.calibration.estimate import RunEstimate, estimate_run
from aggregator.domain.messages import label_of
from aggregator.execution.model_paces import measure_paces
from aggregator.models import CalibrationRun
from aggregator.pipeline.types import Question
from aggregator.selectors.calibration_runs import (
    ModelProgress,
    RunProgress,
    find_common_errors,
    list_questions,
    measure_progress,
)
from aggregator.services.listings import list_offered_models

ROWS: dict[str, Promise] = {
    "shipped": _("처음 학습값"),
    "in_use": _("지금 쓰는 학습값"),
    "calibrated": _("새 학습값"),
}
PROBLEMS: dict[str, Promise] = {
    "too_few": _("답을 받은 문제가 적어서 학습값을 만들지 못했어요. 학습용 30개, 확인용 10개가 필요해요."),
    "too_few_models": _("답한 모델이 두 개보다 적어서 학습값을 만들지 못했어요."),
    "no_candidates": _("합칠 답이 없어요. 두 모델 이상이 답해야 해요."),
    "no_judge": _("지금 쓸 수 있는 모델 가운데 심사할 수 있는 모델이 없어서 정하지 못했어요."),
}
FUSION_VERDICTS: dict[str, Promise] = {
    "not_worse": _("나쁘지 않아요. 합칠 수 있어요."),
    "worse": _("가장 좋은 답보다 나빠요. 합치지 않아요."),
    "unclear": _("아직 몰라요. 비교한 답이 더 필요해요."),
}
ROUTERS: dict[str, Promise] = {
    "fitted": _("질문을 보고 모델을 고르는 법도 배웠어요."),
    "no_gain": _("질문을 보고 골라도 가장 좋은 모델 하나보다 낫지 않아서, 고르는 법은 바꾸지 않았어요."),
    "too_few": _("질문을 보고 모델을 고르는 법은 학습용 문제가 300개 있어야 배워요."),
}


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One line of the result: what was measured, and its figures as text."""

    label: str
    right: str
    routed: str = "–"
    error: str = "–"
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class FusionRow:
    """What was found of one model's fused answers, as text."""

    model: str
    verdict: str
    share: str
    pairs: int
    judge: str


@dataclass(frozen=True, slots=True)
class ModelRow:
    """How far one model has come, with the error that it ended in most often."""

    progress: ModelProgress
    problem: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """What the page of a calibration shows."""

    run: CalibrationRun
    questions: int
    progress: RunProgress
    models: Sequence[ModelRow]
    estimate: RunEstimate | None
    rows: Sequence[ResultRow]
    fusions: Sequence[FusionRow]
    notes: Sequence[str]
    gain: str
    is_in_use: bool

    @property
    def may_start(self) -> bool:
        """Whether it can be started or continued."""
        status = self.run.status
        is_open = status in {"draft", "stopped", "failed"}
        return is_open or (status == CalibrationRun.Status.DONE and self.run.is_over_budget)

    @property
    def is_short_of_money(self) -> bool:
        """Whether the budget is below what it is expected to cost."""
        budget = self.run.budget_micros
        return bool(self.estimate and budget is not None and self.estimate.cost_micros > budget)


def describe_run(run: CalibrationRun) -> RunReport:
    """Return a calibration in words."""
    progress = measure_progress(run)
    errors = find_common_errors(run.pk)
    return RunReport(
        run=run,
        questions=progress.questions,
        progress=progress,
        models=[
            ModelRow(row, describe_error(errors[row.model]) if row.model in errors else "")
            for row in progress.models
        ],
        estimate=_estimate(run) if run.status == CalibrationRun.Status.DRAFT else None,
        rows=_list_rows(run.report),
        fusions=[_describe_fusion(row) for row in run.report.get("fusion", ())],
        notes=_list_notes(run, run.report),
        gain=_describe_gain(run.report),
        is_in_use=bool(run.version and run.version.is_active),
    )


def _estimate(run: CalibrationRun) -> RunEstimate:
    questions = [Question(row.prompt, row.language) for row in list_questions(run.pk)]
    offered = list_offered_models()
    models = [model for model in offered if model.slug in run.panel]
    return estimate_run(questions, models, kind=run.kind, paces=measure_paces(), judges=offered)


def _list_rows(report: Mapping[str, Any]) -> list[ResultRow]:
    if "rows" not in report:
        return []
    rows = [ResultRow(row["slug"], "–", _percent(row["held_out"])) for row in report["models"]]
    for name, row in report["rows"].items():
        error = "–" if row["error"] is None else f"{row['error']:.3f}"
        label, is_new = label_of(ROWS, name), name == "calibrated"
        rows.append(ResultRow(label, _percent(row["vote"]), _percent(row["routed"]), error, is_new))
    rows.append(ResultRow(gettext("언제나 가장 좋은 답을 고른다면"), _percent(report["oracle"])))
    return rows


def _describe_fusion(row: Mapping[str, Any]) -> FusionRow:
    interval = {name: f"{row[name]:.0%}" for name in ("share", "low", "high")}
    return FusionRow(
        model=row["slug"],
        verdict=label_of(FUSION_VERDICTS, row["verdict"]),
        share=gettext("%(share)s (%(low)s~%(high)s)") % interval,
        pairs=row["pairs"],
        judge=gettext("스스로") if row["judge"] == row["slug"] else row["judge"],
    )


def _describe_judge(row: Mapping[str, Any]) -> str:
    text = gettext(
        "%(slug)s: 정답을 아는 %(pairs)d쌍 가운데 %(passed)d쌍에서 순서를 바꿔도 더 나은 답을 골랐어요."
        " 순서만 따라간 것이 %(swayed)d쌍, 읽을 수 없던 것이 %(unreadable)d쌍이에요."
    )
    ability = gettext("심사를 맡을 수 있어요.") if row["can_judge"] else gettext("심사를 맡을 수 없어요.")
    return f"{text % row} {ability}"


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _describe_gain(report: Mapping[str, Any]) -> str:
    if "gain" not in report:
        return ""
    values = {"gain": f"{report['gain'] * 100:+.1f}", "error": f"{report['gain_error'] * 100:.1f}"}
    return gettext("처음 학습값보다 %(gain)s점 (±%(error)s)") % values


def _list_notes(run: CalibrationRun, report: Mapping[str, Any]) -> list[str]:
    notes = []
    if run.is_over_budget:
        notes.append(gettext("예산에 닿아서 다 물어보지 못했어요. 예산을 올려 이어서 할 수 있어요."))
    if left_out := report.get("left_out"):
        names = {"models": ", ".join(left_out)}
        notes.append(gettext("답을 거의 하지 않은 모델은 뺐어요: %(models)s") % names)
    notes.extend(_describe_judge(row) for row in report.get("judges", ()))
    if problem := report.get("problem"):
        notes.append(label_of(PROBLEMS, problem))
    if router := report.get("router"):
        notes.append(label_of(ROUTERS, router))
    if report.get("is_worse"):
        notes.append(gettext("확인용 문제에서 지금보다 나빠서 쓰지 않았어요."))
    return notes
