"""The pages of the conversation."""

import uuid
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.selectors import person_of
from aggregator import deleting, picks, selectors, services, sharing, skills
from aggregator.device_models import list_device_models
from aggregator.examples import EXAMPLES
from aggregator.listings import offered_models
from aggregator.models import Conversation, Turn
from aggregator.turn_views import earlier_than, view_turns
from aggregator.wording import word_topic


@require_GET
@ensure_csrf_cookie
@never_cache
def show_home(request: HttpRequest) -> HttpResponse:
    """Show an empty conversation."""
    return _show(request, person_of(request), None)


@require_GET
@ensure_csrf_cookie
@never_cache
def show_conversation(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one of the person's conversations; another's is not found."""
    person = person_of(request)
    return _show(request, person, _own(person, public_id))


@require_GET
@never_cache
def show_earlier(request: HttpRequest, public_id: uuid.UUID, before: int) -> HttpResponse:
    """Return the turns that came before a number as HTML."""
    conversation = _own(person_of(request), public_id)
    turns = selectors.list_turns(conversation, before)
    context = {"conversation": conversation, "turns": view_turns(turns), "earlier_than": earlier_than(turns)}
    return render(request, "aggregator/_turns.html", context)


def _show(request: HttpRequest, person: User | None, conversation: Conversation | None) -> HttpResponse:
    turns = selectors.list_turns(conversation) if conversation else []
    sidebar = selectors.list_conversations(person)
    context: dict[str, Any] = {
        "conversation": conversation,
        "share": sharing.find_share(conversation) if conversation else None,
        "turns": view_turns(turns),
        "earlier_than": earlier_than(turns),
        "share_limit": sharing.TURNS_SHARED,
        "is_cut_when_shared": bool(turns) and turns[-1].number > sharing.TURNS_SHARED,
        "conversations": sidebar.conversations,
        "next_cursor": sidebar.next_cursor,
        "models": offered_models(),
        "strategies": Turn.Strategy.choices,
        "examples": settings.EXAMPLE_PROMPTS or EXAMPLES["en" if get_language() == "en" else "ko"],
        "is_replay": settings.REPLAY,
        "has_device_models": bool(list_device_models()),
        "prompt_limit": settings.PROMPT_LIMIT,
        "person": person,
    }
    return render(request, "aggregator/conversation.html", context)


@require_GET
@never_cache
def list_conversations(request: HttpRequest) -> HttpResponse:
    """Return the next page of the sidebar as HTML."""
    page = selectors.list_conversations(person_of(request), request.GET.get("before", ""))
    context = {"conversations": page.conversations, "next_cursor": page.next_cursor}
    return render(request, "aggregator/_conversations.html", context)


@require_GET
@never_cache
def show_leaderboard(request: HttpRequest) -> HttpResponse:
    """Show how the models stand after all picks: in Korean, in all languages, on a topic, by one's own."""
    person, topics = person_of(request), picks.list_topics()
    topic = request.GET.get("topic", "")
    topic = topic if topic in topics else ""
    boards = [
        (_("한국어"), skills.rank_models(skills.KOREAN, topic)),
        (_("모든 언어"), skills.rank_models(skills.ALL, topic)),
    ]
    own = skills.rank_own(person) if person and not topic else []
    context = {"boards": boards, "own": own, "topic": topic, "topics": [(t, word_topic(t)) for t in topics]}
    return render(request, "aggregator/leaderboard.html", context)


@require_POST
def rename_conversation(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Give a conversation the title in the field `title`."""
    conversation = _own(person_of(request), public_id)
    try:
        services.rename_conversation(conversation=conversation, title=request.POST.get("title", ""))
    except services.Refusal:
        return HttpResponseBadRequest()
    return _done(request, f"/c/{public_id}/")


@require_POST
def delete_conversation(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Remove a conversation for good."""
    deleting.delete_conversation(conversation=_own(person_of(request), public_id))
    return _done(request, "/")


def _own(person: User | None, public_id: uuid.UUID) -> Conversation:
    conversation = selectors.find_conversation(person, public_id)
    if conversation is None:
        raise Http404
    return conversation


def _done(request: HttpRequest, where: str) -> HttpResponse:
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"ok": True})
    return redirect(where)
