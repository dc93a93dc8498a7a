"""The answers of calibrations in the admin: what each model answered to which question, right or wrong."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from aggregator.admin.provider_texts import describe_error
from aggregator.models import CalibrationAnswer
from ui.read_only_admin import ReadOnlyAdmin

_SHOWN_CHARS = 160


@admin.register(CalibrationAnswer)
class CalibrationAnswerAdmin(ReadOnlyAdmin):
    """Answers of calibrations, found by model, by whether they are right, and by what they were asked for."""

    list_display = ["show_question", "show_gold", "model", "show_text", "is_right", "show_end", "duration_ms"]
    list_display_links: ClassVar[list[str]] = ["show_text"]
    list_filter = [
        "is_right",
        "model",
        "role",
        "question__is_held_out",
        "question__language",
        "question__run",
    ]
    list_select_related = ["question__run"]
    search_fields = ["question__prompt", "text"]
    ordering = ["question__run", "question__position", "model", "pk"]
    list_per_page = 60

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalibrationAnswer]:
        """Return the answers with their questions."""
        rows: QuerySet[CalibrationAnswer] = super().get_queryset(request)
        return rows.select_related("question__run")

    @display(description=_("질문"))
    def show_question(self, answer: CalibrationAnswer) -> str:
        """What was asked."""
        return _cut(answer.question.prompt)

    @display(description=_("정답"))
    def show_gold(self, answer: CalibrationAnswer) -> str:
        """The right answer, where it is known."""
        return _cut(answer.question.gold) or "–"

    @display(description=_("답"))
    def show_text(self, answer: CalibrationAnswer) -> str:
        """The beginning of the answer."""
        return _cut(answer.text) or gettext("(답 없음)")

    @display(description=_("오류"))
    def show_end(self, answer: CalibrationAnswer) -> str:
        """What it failed by."""
        return describe_error(answer.error) if answer.error else "–"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1]}…"
