"""Versions of the ensemble's weights in the admin."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from aggregator.models import WeightsVersion
from aggregator.storage.model_weights import activate_version
from ui.read_only_admin import ReadOnlyAdmin


@admin.register(WeightsVersion)
class WeightsVersionAdmin(ReadOnlyAdmin):
    """Versions of the weights; the newest active one is used."""

    list_display = ["version", "show_use", "created_at", "show_sources"]
    fields = readonly_fields = ["version", "is_active", "created_at", "provenance"]
    actions = ["use_this", "use_shipped"]

    @display(description=_("쓰는 중"), boolean=True)
    def show_use(self, row: WeightsVersion) -> bool:
        """Whether this version is in use."""
        newest = WeightsVersion.objects.filter(is_active=True).first()
        return newest is not None and newest.pk == row.pk

    @display(description=_("출처"))
    def show_sources(self, row: WeightsVersion) -> str:
        """The data that the version was fitted on."""
        return ", ".join(sorted(row.provenance)) or "–"

    def has_use_permission(self, request: HttpRequest) -> bool:
        """Activating needs the permission to change versions."""
        return request.user.has_perm("aggregator.change_weightsversion")

    @action(description=_("이 학습값 쓰기"), permissions=["use"])
    def use_this(self, request: HttpRequest, chosen: "QuerySet[WeightsVersion]") -> None:
        """Activate the selected version."""
        versions = list(chosen[:2])
        if len(versions) != 1:
            self.message_user(request, gettext("하나만 골라 주세요."), messages.WARNING)
            return
        activate_version(versions[0])
        self.message_user(request, gettext("1분 안에 모든 워커가 이 학습값을 써요."), messages.SUCCESS)

    @action(description=_("처음 학습값으로 돌아가기"), permissions=["use"])
    def use_shipped(self, request: HttpRequest, chosen: "QuerySet[WeightsVersion]") -> None:
        """Activate the version that ships with the code."""
        activate_version(None)
        self.message_user(request, gettext("1분 안에 모든 워커가 처음 학습값을 써요."), messages.SUCCESS)
