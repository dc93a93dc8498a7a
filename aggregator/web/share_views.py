"""Public links to conversations: made and withdrawn by the owner, readable by anybody with the link."""

import contextlib
import uuid
from typing import Final, cast

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_POST, require_safe
from redis.exceptions import RedisError

from accounts.models import User
from accounts.selectors import find_user
from accounts.services import TooManyGuestsError, get_or_create_user
from aggregator.domain.messages import refusal_message
from aggregator.models import Conversation, Share
from aggregator.selectors import conversations
from aggregator.services import shared_copies, sharing
from aggregator.services.refusal import Refusal
from aggregator.web.share_card import draw_card

# Short, because a picture that somebody's cache keeps outlives the link.
CARD_SECONDS: Final = 3_600


@require_POST
def make_share(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Return the path of the conversation's public copy as JSON, or the reason for none."""
    try:
        share = sharing.share_conversation(conversation=_own(request, public_id), at=request.POST.get("at"))
    except Refusal as refusal:
        status = 429 if refusal.code == "shares_reached" else 409
        return JsonResponse({"message": refusal_message(refusal.code)}, status=status)
    document = {"path": f"/s/{share.token}/", "shared_at": share.created_at.isoformat()}
    return JsonResponse({**document, "left_out": share.left_out})


@require_POST
def withdraw_share(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Withdraw the conversation's link, if it has one."""
    share = sharing.find_open_share(_own(request, public_id))
    if share:
        sharing.withdraw_share(share=share)
    return JsonResponse({"ok": True})


@require_safe
@never_cache
def show_shared(request: HttpRequest, token: str) -> HttpResponse:
    """Show the public copy of a link, and keep search engines from indexing it."""
    share = sharing.find_share_by_token(token)
    if share is None:
        raise Http404
    turns = sharing.read_shared_turns(share)
    context = {
        "share": share,
        "turns": turns,
        "summary": sharing.summarize_answer(turns[0].answer if turns else ""),
    }
    page = render(request, "aggregator/shared.html", context)
    page["X-Robots-Tag"] = "noindex"
    return page


@require_safe
@cache_control(public=True, max_age=CARD_SECONDS)
def show_card(request: HttpRequest, token: str) -> HttpResponse:
    """Send the picture of a link, or the site's picture where its question cannot be drawn."""
    share = sharing.find_share_by_token(token)
    if share is None:
        raise Http404
    key = f"share_card:{share.pk}:{get_language()}"
    picture: bytes | None = None
    # Without Valkey the picture is drawn again.
    with contextlib.suppress(RedisError):
        picture = cache.get(key)
    if picture is None:
        picture = _draw(share)
        with contextlib.suppress(RedisError):
            cache.set(key, picture, CARD_SECONDS)
    if picture is None:
        return redirect(f"{settings.STATIC_URL}card.png")
    return HttpResponse(picture, content_type="image/png", headers={"X-Robots-Tag": "noindex"})


@require_POST
def continue_shared(request: HttpRequest, token: str) -> HttpResponse:
    """Begin a conversation of the reader with the copy's exchanges, or tell on the copy why not."""
    share = sharing.find_share_by_token(token)
    if share is None:
        raise Http404
    try:
        conversation = shared_copies.continue_copy(share=share, person=_get_reader(request))
    except Refusal as refusal:
        messages.error(request, refusal_message(refusal.code))
        return redirect("aggregator:shared", token=token)
    return redirect(f"/c/{conversation.public_id}/#prompt")


def _draw(share: Share) -> bytes | None:
    first = next(iter(share.turns), None)
    return draw_card(first["prompt"], first["written"]) if first else None


def _get_reader(request: HttpRequest) -> User:
    """Return the person of a request, creating a guest if needed; raises Refusal."""
    try:
        person = get_or_create_user(cast(ASGIRequest, request).scope)
    except TooManyGuestsError:
        raise Refusal("too_many_guests") from None
    if person is None:
        raise Refusal("not_signed_in")
    return person


def _own(request: HttpRequest, public_id: uuid.UUID) -> Conversation:
    conversation = conversations.find_conversation(find_user(request), public_id)
    if conversation is None:
        raise Http404
    return conversation
