"""The form that begins a calibration: which questions, which models, and for how much."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldBooleanWidget,
)

from aggregator.calibration.question_file import (
    MAX_ROWS,
    QuestionFileError,
    find_shipped_set,
    read_question_file,
    shuffle_questions,
)
from aggregator.models import CalibrationRun
from aggregator.services.calibration_runs import CalibrationOrder, NewQuestion
from aggregator.services.listings import list_offered_models

WON = 1_000_000
MAX_BUDGET_WON = 100_000_000


class CalibrationForm(forms.ModelForm):  # type: ignore[type-arg]
    """A calibration that is about to be estimated."""

    kind = forms.ChoiceField(
        label=_("무엇을 잴까요"),
        choices=[
            (CalibrationRun.Kind.ANSWERS, _("모델마다 얼마나 맞히는지")),
            (CalibrationRun.Kind.FUSION, _("답을 합쳐도 되는 모델인지")),
        ],
        initial=CalibrationRun.Kind.ANSWERS,
        widget=UnfoldAdminRadioSelectWidget,
    )
    file = forms.FileField(
        label=_("문제 파일"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
        help_text=_(
            "question과 answer 열이 있는 CSV예요. topic과 kind 열은 없어도 되고, 합치기를 잴 때는 "
            "answer 열도 없어도 돼요. 비워 두면 기본 문제 140개(합치기는 50개)를 써요."
        ),
    )
    models = forms.MultipleChoiceField(label=_("물어볼 모델"), widget=UnfoldAdminCheckboxSelectMultipleWidget)
    limit = forms.IntegerField(
        label=_("문제 수"),
        required=False,
        min_value=1,
        max_value=MAX_ROWS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("비워 두면 모두 물어봐요. 50개보다 적으면 학습값을 만들지 못해요."),
    )
    budget = forms.DecimalField(
        label=_("예산(원)"),
        min_value=0,
        max_value=MAX_BUDGET_WON,
        decimal_places=2,
        initial=1_000,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=_("이만큼을 넘기 전에 멈춰요. 예산을 올려 이어서 할 수 있어요."),
    )
    activates = forms.BooleanField(
        label=_("끝나면 바로 쓰기"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=_("새 학습값이 지금보다 나쁘면 쓰지 않아요."),
    )

    class Meta:
        model = CalibrationRun
        fields = ()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        offered = [(model.slug, model.name) for model in list_offered_models()]
        self.questions: list[NewQuestion] = []
        self.shipped_name = ""
        self.fields["models"].choices = offered  # type: ignore[attr-defined]
        self.fields["models"].initial = [slug for slug, _name in offered]

    def clean(self) -> dict[str, Any]:
        """Read the questions, so that a file that cannot be used is refused beside its field."""
        cleaned: dict[str, Any] = super().clean() or {}
        upload, needs_answers = cleaned.get("file"), cleaned.get("kind") != CalibrationRun.Kind.FUSION
        shipped = find_shipped_set(needs_answers=needs_answers)
        try:
            content = upload.read() if upload else shipped.read_bytes()
            questions = read_question_file(content, needs_answers=needs_answers)
        except QuestionFileError as error:
            self.add_error("file", str(error))
            return cleaned
        self.shipped_name = shipped.name
        self.questions = shuffle_questions(questions)[: cleaned.get("limit")]
        if len(cleaned.get("models", [])) == 1:
            self.add_error("models", gettext("두 개 이상 골라 주세요. 답을 서로 비교해요."))
        return cleaned

    def build_order(self) -> CalibrationOrder:
        """Return what the form orders."""
        cleaned = self.cleaned_data
        upload = cleaned.get("file")
        return CalibrationOrder(
            source=upload.name if upload else self.shipped_name,
            panel=cleaned["models"],
            kind=cleaned["kind"],
            budget_micros=round(cleaned["budget"] * WON),
            activates=cleaned.get("activates", False),
            questions=self.questions,
        )
