"""The pages of the conversation."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.selectors import find_user
from aggregator.catalog.device_models import list_device_models
from aggregator.domain.events import encode
from aggregator.domain.messages import topic_label
from aggregator.domain.turn_state import CandidateState, TurnState, reduce_events
from aggregator.models import Candidate, Conversation, Turn
from aggregator.ratings import ratings
from aggregator.selectors import conversations, vote_counts
from aggregator.selectors.branches import PAGE_TURNS, TURNS_SHOWN, find_leaf, list_branch, list_versions
from aggregator.selectors.day_use import read_day_use
from aggregator.selectors.turns import find_turn, rebuild_events
from aggregator.services import conversations as services
from aggregator.services import deletion, sharing
from aggregator.services.candidates import PANEL_LIMIT
from aggregator.services.refusal import Refusal
from aggregator.web.model_picker import build_picker

# The example prompts of an empty conversation; each was tried with the smallest panel.
EXAMPLES: Final = {
    "ko": (
        "한국의 수도는 어디인가요?",
        "도쿄 3박 4일 여행 일정을 짜 줘",
        "면접에서 자기소개를 1분으로 하고 싶어. 예시를 써 줘",
        "파이썬으로 피보나치 수열을 구하는 함수를 만들어 줘",
    ),
    "en": (
        "What is the capital of South Korea?",
        "Plan three days in Tokyo for me",
        "Write a short, polite email asking to move a meeting",
        "Explain recursion in Python with a small example",
    ),
}


@require_safe
@ensure_csrf_cookie
@never_cache
def show_home(request: HttpRequest) -> HttpResponse:
    """Show an empty conversation."""
    return _show(request, find_user(request), None)


@require_safe
@ensure_csrf_cookie
@never_cache
def show_conversation(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one of the person's own conversations, on the branch through the turn `at` or on the newest."""
    person = find_user(request)
    return _show(request, person, _own(person, public_id))


@require_safe
@never_cache
def show_earlier(request: HttpRequest, public_id: uuid.UUID, before: uuid.UUID) -> HttpResponse:
    """Return the turns of a branch before one of its turns as HTML."""
    person = find_user(request)
    conversation, turn = _own(person, public_id), find_turn(person, before)
    if turn is None or turn.conversation_id != conversation.pk:
        raise Http404
    turns = list_branch(turn.parent, PAGE_TURNS)
    context = {"conversation": conversation, "turns": view_turns(turns), "earlier_than": earlier_than(turns)}
    return render(request, "aggregator/conversation/_turns.html", context)


def _show(request: HttpRequest, person: User | None, conversation: Conversation | None) -> HttpResponse:
    at = request.GET.get("at")
    # A page that shows another branch looks for the turn `at` in it.
    turns = (
        list_branch(find_leaf(conversation, at), TURNS_SHOWN if at else PAGE_TURNS) if conversation else []
    )
    sidebar = conversations.list_conversations(person)
    context: dict[str, Any] = {
        "conversation": conversation,
        # The context processor would look the person up again.
        "day_use": read_day_use(person),
        "share": sharing.find_open_share(conversation) if conversation else None,
        "turns": view_turns(turns),
        "earlier_than": earlier_than(turns),
        "share_limit": sharing.MAX_SHARED_TURNS,
        "is_cut_when_shared": bool(turns) and sharing.exceeds_copy(turns[-1]),
        "conversations": sidebar.conversations,
        "next_cursor": sidebar.next_cursor,
        "picker": build_picker(),
        "examples": settings.EXAMPLE_PROMPTS or EXAMPLES["en" if get_language() == "en" else "ko"],
        "is_replay": settings.REPLAY,
        "has_device_models": bool(list_device_models()),
        "prompt_limit": settings.PROMPT_LIMIT,
        "title_limit": services.RENAMED_TITLE_LENGTH,
        "panel_limit": PANEL_LIMIT,
    }
    return render(request, "aggregator/conversation.html", context)


@require_safe
@never_cache
def list_conversations(request: HttpRequest) -> HttpResponse:
    """Return the next page of the sidebar as HTML."""
    page = conversations.list_conversations(find_user(request), request.GET.get("before", ""))
    context = {"conversations": page.conversations, "next_cursor": page.next_cursor}
    return render(request, "aggregator/sidebar/_conversation_rows.html", context)


@require_safe
@never_cache
def show_leaderboard(request: HttpRequest) -> HttpResponse:
    """Show the models' ratings by votes: in Korean, in all languages, on a topic, and by the person's own."""
    person, topics = find_user(request), vote_counts.list_voted_topics()
    topic = request.GET.get("topic", "")
    topic = topic if topic in topics else ""
    boards = [
        (_("한국어"), ratings.build_leaderboard(ratings.KOREAN, topic)),
        (_("모든 언어"), ratings.build_leaderboard(ratings.ALL, topic)),
    ]
    own = ratings.build_own_leaderboard(person) if person and not topic else []
    context = {"boards": boards, "own": own, "topic": topic, "topics": [(t, topic_label(t)) for t in topics]}
    return render(request, "aggregator/leaderboard.html", context)


@require_POST
def rename_conversation(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Change a conversation's title to the field `title`."""
    conversation = _own(find_user(request), public_id)
    try:
        services.rename_conversation(conversation=conversation, title=request.POST.get("title", ""))
    except Refusal:
        return HttpResponseBadRequest()
    return _done(request, f"/c/{public_id}/")


@require_POST
def delete_conversation(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Delete a conversation."""
    deletion.delete_conversation(conversation=_own(find_user(request), public_id))
    return _done(request, "/")


def _own(person: User | None, public_id: uuid.UUID) -> Conversation:
    conversation = conversations.find_conversation(person, public_id)
    if conversation is None:
        raise Http404
    return conversation


def _done(request: HttpRequest, path: str) -> HttpResponse:
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"ok": True})
    return redirect(path)


@dataclass(frozen=True, slots=True)
class TurnView:
    """One turn of the transcript: its state for pages without JavaScript, its events for those with it."""

    public_id: str
    number: int
    prompt: str
    status: str
    seq: int
    state: TurnState
    candidates: tuple[CandidateState, ...]
    answer: str
    events: list[dict[str, Any]]
    voted: str
    rated: str
    continued: str
    # All turns with the same parent, the oldest first.
    versions: tuple[str, ...]

    @property
    def version(self) -> int:
        """The place of this turn among its versions, from 1."""
        return self.versions.index(self.public_id) + 1

    @property
    def older(self) -> str:
        """The version before this one, or ""."""
        return self.versions[self.version - 2] if self.version > 1 else ""

    @property
    def newer(self) -> str:
        """The version after this one, or ""."""
        return self.versions[self.version] if self.version < len(self.versions) else ""


def view_turns(turns: Sequence[Turn]) -> list[TurnView]:
    """Return turns ready to show."""
    versions = list_versions(turns)
    return [_view(turn, versions[turn.public_id]) for turn in turns]


def earlier_than(turns: Sequence[Turn]) -> str:
    """Return the turn before which the branch has more turns, or ""."""
    return str(turns[0].public_id) if turns and turns[0].parent_id else ""


def _view(turn: Turn, versions: tuple[uuid.UUID, ...]) -> TurnView:
    history = rebuild_events(turn)
    state = reduce_events(history)
    votes = list(turn.votes.all())
    voted_pk = votes[0].candidate_id if votes else None
    voted: list[Candidate] = [row for row in turn.candidates.all() if row.pk == voted_pk]
    return TurnView(
        public_id=str(turn.public_id),
        number=turn.number,
        prompt=turn.prompt,
        status=turn.status,
        # A running turn is read from the start of its log, which may be ahead of its rows.
        seq=0 if turn.status == Turn.Status.RUNNING else turn.last_seq,
        state=state,
        candidates=tuple(state.candidates.values()),
        answer=state.answer,
        events=[encode(event) for event in history],
        continued=next(
            (str(row.public_id) for row in turn.candidates.all() if row.pk == turn.continued_with_id), ""
        ),
        voted=str(voted[0].public_id) if voted else "",
        rated=vars(turn).get("rated") or "",
        versions=tuple(map(str, versions)),
    )
