"""The page on which a person issues, lists and revokes keys of the public API."""

import uuid
from typing import cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from aggregator.domain.messages import refusal_message
from aggregator.selectors import conversations
from aggregator.selectors.api_keys import find_own_api_key, list_api_keys
from aggregator.services import api_keys, deletion
from aggregator.services.refusal import Refusal


class ApiKeyForm(forms.Form):
    """The name of a new key."""

    name = forms.CharField(
        label=gettext_lazy("이름"),
        help_text=gettext_lazy("어디에 쓸 키인지 적어 두면 나중에 알아보기 쉬워요."),
        max_length=60,
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show_keys(request: HttpRequest) -> HttpResponse:
    """List the person's keys; a posted name issues one more, which only this response shows."""
    owner = cast(User, request.user)
    form, fresh = ApiKeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            fresh = api_keys.issue_api_key(owner=owner, name=form.cleaned_data["name"])
            form = ApiKeyForm()
        except Refusal as refusal:
            form.add_error(None, refusal_message(refusal.code))
    context = {
        "form": form,
        "fresh": fresh,
        "keys": list_api_keys(owner),
        "called": conversations.list_api_conversations(owner).count(),
        "keep_days": settings.API_KEEP_DAYS,
        "address": request.build_absolute_uri("/v1"),
        # Anthropic's SDK adds /v1 on its own.
        "site_address": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "aggregator/api_keys.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def revoke_key(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask for confirmation, then revoke one of the person's own keys."""
    key = find_own_api_key(cast(User, request.user), public_id)
    if key is None:
        raise Http404
    if request.method != "POST":
        return render(request, "aggregator/revoke_key.html", {"key": key})
    api_keys.revoke_api_key(key=key)
    messages.success(request, _("키를 삭제했어요. 이제 이 키는 쓸 수 없어요."))
    return redirect("aggregator:keys")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete_api_conversations(request: HttpRequest) -> HttpResponse:
    """Ask for confirmation, then delete all of the person's API conversations."""
    owner = cast(User, request.user)
    if request.method != "POST":
        called = conversations.list_api_conversations(owner).count()
        return render(request, "aggregator/delete_api_conversations.html", {"called": called})
    left = deletion.delete_api_conversations(owner=owner)
    if left:
        message = _("대화가 많아서 아직 %(left)d개가 남았어요. 한 번 더 눌러 주세요.") % {"left": left}
        messages.warning(request, message)
        return redirect("aggregator:delete_called")
    messages.success(request, _("API로 나눈 대화를 모두 삭제했어요."))
    return redirect("aggregator:keys")
