"""Calibrations in the admin: their estimate before they start, their progress, and what they gained."""

from decimal import Decimal, InvalidOperation
from typing import Any, cast
from urllib.parse import urlencode

from celery import current_app
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.models import User
from aggregator.admin.calibration_form import MAX_BUDGET_WON, WON, CalibrationForm
from aggregator.admin.calibration_report import describe_run
from aggregator.calibration.processes import continue_runs
from aggregator.models import CalibrationAnswer, CalibrationRun
from aggregator.services import calibration_runs
from aggregator.storage.model_weights import activate_version
from ui.won import render_won

CONTINUE_TASK = "aggregator.tasks.continue_calibrations"


@admin.register(CalibrationRun)
class CalibrationRunAdmin(ModelAdmin):
    """Calibrations, each begun by a form and carried out beside the workers."""

    form = CalibrationForm
    list_display = ["created_at", "source", "kind", "show_status", "show_cost", "show_gain", "created_by"]
    list_filter = ["status", "kind"]
    list_select_related = ["created_by"]
    fields = ["created_by", "created_at", "started_at", "ended_at"]
    # Outside the form of the page, as its buttons are forms.
    change_form_outer_before_template = "admin/aggregator/calibration_run.html"

    def get_fieldsets(self, request: HttpRequest, obj: CalibrationRun | None = None) -> Any:
        """Ask for what a calibration needs; a stored one is shown above its times."""
        if obj:
            return [(None, {"fields": self.fields})]
        fields = ["kind", "file", "models", "limit", "budget"]
        return [(None, {"fields": [*fields, *(["activates"] if self.has_use_permission(request) else [])]})]

    def get_readonly_fields(self, request: HttpRequest, obj: CalibrationRun | None = None) -> Any:
        """A stored calibration is not edited."""
        return self.fields if obj else []

    def has_change_permission(self, request: HttpRequest, obj: CalibrationRun | None = None) -> bool:
        """A stored calibration is started, stopped and used by its buttons only."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CalibrationRun | None = None) -> bool:
        """A running calibration is stopped first."""
        is_running = obj is not None and obj.status == CalibrationRun.Status.RUNNING
        return not is_running and bool(super().has_delete_permission(request, obj))

    def has_control_permission(self, request: HttpRequest) -> bool:
        """Starting and stopping costs money, so it needs the permission to add calibrations."""
        return bool(self.has_add_permission(request))

    def has_use_permission(self, request: HttpRequest) -> bool:
        """Activating needs the permission to change versions of the weights."""
        return request.user.has_perm("aggregator.change_weightsversion")

    def save_model(self, request: HttpRequest, obj: CalibrationRun, form: Any, change: bool) -> None:
        """Store the calibration with its questions; it asks nothing yet."""
        run = calibration_runs.create_run(form.build_order(), by=cast("User", request.user))
        obj.pk = run.pk
        obj.refresh_from_db()

    def response_add(
        self, request: HttpRequest, obj: CalibrationRun, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show what it will cost before it is started."""
        return redirect(_url_of(obj))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the estimate, the progress or the result of a calibration above its times."""
        run = self.get_object(request, object_id) if object_id else None
        more: dict[str, Any] = {"show_save_and_add_another": False, "show_save_and_continue": False}
        if run is not None:
            more |= {
                "calibration": describe_run(run),
                "may_control": self.has_control_permission(request),
                "may_use": self.has_use_permission(request),
                "answers_url": _list_answers_url(request, run),
                "title": gettext("보정 %(number)s") % {"number": run.pk},
            }
        page: HttpResponse = super().changeform_view(
            request, object_id, form_url, more | (extra_context or {})
        )
        return page

    def get_urls(self) -> list[URLPattern]:
        """Add the buttons of a calibration's page."""
        views = {"start": self.start, "stop": self.stop, "use": self.use, "revert": self.use_shipped}
        buttons = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"aggregator_calibrationrun_{name}",
            )
            for name, view in views.items()
        ]
        return [*buttons, *super().get_urls()]

    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Start or continue a calibration, with a new budget if one is given."""
        run = self._find(request, object_id, is_allowed=self.has_control_permission(request))
        budget = _read_budget(request.POST.get("budget", ""))
        if budget is not None:
            calibration_runs.set_budget(run.pk, budget)
        if calibration_runs.start_run(run.pk):
            self.log_change(request, run, gettext("시작하기"))
            _send(request)
        else:
            messages.warning(request, gettext("이미 시작했거나 끝난 보정이에요."))
        return _back(run)

    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Stop a calibration; what was answered stays."""
        run = self._find(request, object_id, is_allowed=self.has_control_permission(request))
        if calibration_runs.cancel_run(run.pk):
            self.log_change(request, run, gettext("멈춤"))
            messages.success(request, gettext("멈췄어요. 받은 답은 남아 있어서 이어서 할 수 있어요."))
        return _back(run)

    def use(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Activate the weights of a calibration."""
        run = self._find(request, object_id, is_allowed=self.has_use_permission(request))
        if run.version is None:
            raise Http404
        if run.report.get("is_worse") and "even_if_worse" not in request.POST:
            messages.warning(
                request, gettext("지금보다 나쁜 학습값이에요. 그래도 쓰려면 확인란을 골라 주세요.")
            )
            return _back(run)
        activate_version(run.version)
        self.log_change(request, run, gettext("이 학습값 쓰기"))
        messages.success(request, gettext("1분 안에 모든 워커가 이 학습값을 써요."))
        return _back(run)

    def use_shipped(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go back to the weights that ship with the code."""
        run = self._find(request, object_id, is_allowed=self.has_use_permission(request))
        activate_version(None)
        self.log_change(request, run, gettext("처음 학습값으로 돌아가기"))
        messages.success(request, gettext("1분 안에 모든 워커가 처음 학습값을 써요."))
        return _back(run)

    @display(
        description=_("상태"),
        label={"running": "info", "done": "success", "stopped": "warning", "failed": "danger"},
    )
    def show_status(self, run: CalibrationRun) -> tuple[str, str]:
        """How far it is."""
        return run.status, run.get_status_display()

    @display(description=_("쓴 금액"), ordering="cost_micros")
    def show_cost(self, run: CalibrationRun) -> str:
        """What its calls cost."""
        return render_won(run.cost_micros, 2)

    @display(description=_("보정으로 더 맞힌 만큼"))
    def show_gain(self, run: CalibrationRun) -> str:
        """The gain on held-out questions, in points."""
        gain = run.report.get("gain")
        return "–" if gain is None else gettext("%(points)s점") % {"points": f"{gain * 100:+.1f}"}

    def _find(self, request: HttpRequest, object_id: str, *, is_allowed: bool) -> CalibrationRun:
        if not is_allowed:
            raise PermissionDenied
        run: CalibrationRun | None = self.get_object(request, object_id)
        if run is None:
            raise Http404
        return run


def _send(request: HttpRequest) -> None:
    """Let a process begin at once; the periodic task would begin within seconds anyway."""
    if settings.TURN_RUNNER != "worker":
        continue_runs()
        return
    try:
        current_app.send_task(CONTINUE_TASK, retry=False)
    except (OperationalError, RedisError):
        messages.warning(request, gettext("워커에 알리지 못했어요. 워커가 켜지면 시작해요."))


def _list_answers_url(request: HttpRequest, run: CalibrationRun) -> str:
    """Return the address of the answers to a run's questions, or '' for those who may not see them."""
    if not request.user.has_perm("aggregator.view_calibrationanswer"):
        return ""
    query = urlencode({"question__run__id__exact": run.pk, "role__exact": CalibrationAnswer.Role.CANDIDATE})
    return f"{reverse('admin:aggregator_calibrationanswer_changelist')}?{query}"


def _read_budget(text: str) -> int | None:
    try:
        won = Decimal(text)
    except InvalidOperation:
        return None
    return round(won * WON) if won.is_finite() and 0 <= won <= MAX_BUDGET_WON else None


def _url_of(run: CalibrationRun) -> str:
    return reverse("admin:aggregator_calibrationrun_change", args=[run.pk])


def _back(run: CalibrationRun) -> HttpResponseRedirect:
    return HttpResponseRedirect(_url_of(run))
