"""Public links to conversations: their owner makes and withdraws them, whoever has one reads."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.selectors import find_user
from aggregator.domain.messages import refusal_message
from aggregator.models import Conversation
from aggregator.selectors import conversations
from aggregator.services import sharing
from aggregator.services.refusal import Refusal


@require_POST
def make_share(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Return the path of the conversation's public copy as JSON, or the reason why there is none."""
    try:
        share = sharing.share_conversation(conversation=_own(request, public_id))
    except Refusal as refusal:
        status = 429 if refusal.code == "shares_reached" else 409
        return JsonResponse({"message": refusal_message(refusal.code)}, status=status)
    made = {"path": f"/s/{share.token}/", "shared_at": share.created_at.isoformat()}
    return JsonResponse({**made, "left_out": share.left_out})


@require_POST
def withdraw_share(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Withdraw the conversation's link; where there is none, nothing is left to do."""
    share = sharing.find_open_share(_own(request, public_id))
    if share:
        sharing.withdraw_share(share=share)
    return JsonResponse({"ok": True})


@require_GET
@never_cache
def show_shared(request: HttpRequest, token: str) -> HttpResponse:
    """Show a public copy to whoever has its link, and tell search engines to leave it alone."""
    share = sharing.find_share_by_token(token)
    if share is None:
        raise Http404
    shown = render(
        request, "aggregator/shared.html", {"share": share, "turns": sharing.read_shared_turns(share)}
    )
    shown["X-Robots-Tag"] = "noindex"
    return shown


def _own(request: HttpRequest, public_id: uuid.UUID) -> Conversation:
    conversation = conversations.find_conversation(find_user(request), public_id)
    if conversation is None:
        raise Http404
    return conversation
