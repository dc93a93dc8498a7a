"""Point 12: an admin reads a turn as a conversation with its route, costs, events and the ad's decision."""

import asyncio
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from aggregator.admin.budget import describe_coverage
from aggregator.admin.turn_labels import ERRORS, EVENTS, RANK_REASONS
from aggregator.domain import events
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import AnswerRating, Candidate, Conversation, Signal, Turn, Usage, Vote
from aggregator.selectors.budget_history import BudgetHistory, BudgetPoint
from aggregator.services import turns
from aggregator.streaming.turn_feed import stream_key
from aggregator.streaming.turn_history import read_timeline
from testing.factories import UserFactory
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(client: Client) -> User:
    """An admin, logged in."""
    staff = UserFactory.create(username="staff", is_staff=True, is_superuser=True)
    client.force_login(staff)
    return staff


@pytest.fixture
def read_page(client: Client, staff: User) -> Callable[..., str]:
    """Return a function that opens the page of a turn."""

    def read(turn: Turn, language: str = "ko") -> str:
        path = reverse("admin:aggregator_turn_change", args=[turn.pk])
        response = client.get(path, headers={"accept-language": language})
        assert response.status_code == 200
        return response.content.decode()

    return read


@pytest.fixture
def stored_turn(ada: User) -> Turn:
    """A turn of the past, with a failed and a chosen candidate, a call, a vote and a copy."""
    conversation = Conversation.objects.create(owner=ada, updated_at=timezone.now())
    first = make_turn(conversation, 1, prompt="안녕?", answer_text="안녕하세요.")
    turn = make_turn(conversation, 2, prompt="한국의 <b>수도</b>는?", parent=first)
    fields = {"turn": turn, "vendor": "V", "duration_ms": 900, "output_tokens": 12}
    failed = Candidate.objects.create(
        position=0, model="slow", model_name="느림", status="failed", error="timed_out", **fields
    )
    wise = Candidate.objects.create(
        position=1, model="wise", model_name="슬기", status="done", text="서울이에요.", ttft_ms=250, **fields
    )
    Usage.objects.create(
        turn=turn, candidate=wise, purpose="candidate", model="wise", provider="p", input_tokens=10,
        output_tokens=12, source="provider", cost_micros=1_500_000, call_id=wise.public_id,
    )  # fmt: skip
    Vote.objects.create(turn=turn, candidate=wise, voter=ada)
    Signal.objects.create(candidate=wise, person=ada, kind="copy")
    AnswerRating.objects.create(turn=turn, person=ada, verdict="bad", reason="incomplete", comment="짧아요")
    standings = [
        {"candidate": str(wise.public_id), "score": 0.8, "group": 0, "reasons": ["higher_standing"]},
        {"candidate": str(failed.public_id), "score": 0.0, "group": 1, "reasons": ["failed"]},
    ]
    turn.ranking = {"standings": standings, "agreeing": 1, "compared": 1}
    turn.answer_candidate, turn.answer_kind = wise, "best"
    turn.route_reasons = ["speaks_language", "thrifty"]
    turn.route = {"topic": "facts", "quality": 0.71, "cost_micros": 900_000, "price": 0.01}
    turn.route["propensities"] = {"wise": 1.0, "slow": 0.25}
    turn.placement = {"ad": None, "reason": "no_match"}
    turn.cost_micros = 1_500_000
    turn.save()
    return turn


def make_turn(conversation: Conversation, number: int, **fields: object) -> Turn:
    return Turn.objects.create(
        conversation=conversation, number=number, language="ko", status="done", closed_at=timezone.now(),
        **fields,
    )  # fmt: skip


def test_a_turn_reads_as_a_conversation(read_page: Callable[..., str], stored_turn: Turn) -> None:
    page = read_page(stored_turn)
    order = [
        "앞선 질문과 답 1개",
        "안녕하세요.",
        "한국의 &lt;b&gt;수도&lt;/b&gt;는?",
        "가장 나은 답",
        "서울이에요.",
        "아쉬워요",
        "빠진 내용이 있어요",
        "짧아요",
        "1위",
        "이 답으로 정함",
        "더 좋은 답으로 고름 1",
        "복사 1",
        "느림",
        "제시간에 답하지 못함",
        "하루가 지나",
        "질문을 받음",
        "첫 글자가 옴",
        "질문한 언어를 할 줄 아는 모델",
        "상식",
        "0.900원 → 1.500원",
        "100.0원까지",
        "고를 확률 25%",
        "10 → 12",
        "1.500원",
        "맞는 광고가 없음",
        "원본 데이터",
        "&quot;propensities&quot;",
    ]
    # The page names each once in this order; the words before the talk belong to the admin's frame.
    place = page.index("turn-page")
    for words in order:
        assert words in page[place:], words
        place = page.index(words, place)


def test_an_english_page_has_english_words(read_page: Callable[..., str], stored_turn: Turn) -> None:
    page = read_page(stored_turn, "en")
    for words in ("Models that know the question", "Timed out", "Raw data", "Timeline", "First text"):
        assert words in page, words


def test_the_page_runs_a_known_number_of_queries(client: Client, staff: User, stored_turn: Turn) -> None:
    path = reverse("admin:aggregator_turn_change", args=[stored_turn.pk])
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(path)
    for number in range(10):
        Candidate.objects.create(
            turn=stored_turn, position=10 + number, model=f"m{number}", model_name="M", vendor="V"
        )
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) <= len(few) <= 15, [query["sql"][:90] for query in many]


def test_a_page_opens_without_valkey(
    read_page: Callable[..., str], stored_turn: Turn, settings: object
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]
    assert "저장된 값으로 추정했어요" in read_page(stored_turn)


@pytest.mark.parametrize("status", Turn.Status.values)
def test_a_turn_of_any_status_without_rows_opens(
    read_page: Callable[..., str], ada: User, status: str
) -> None:
    conversation = Conversation.objects.create(owner=ada, updated_at=timezone.now())
    closed_at = None if status == "running" else timezone.now()
    turn = Turn.objects.create(
        conversation=conversation, number=1, prompt="?", language="ko", status=status, closed_at=closed_at
    )
    page = read_page(turn)
    assert "모델을 호출하지 않았어요" in page and "광고를 찾지 않은 질문이에요" in page


async def test_the_timeline_of_a_turn_that_ran_is_that_of_its_log(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("서울이에요."))
    await asyncio.to_thread(offer_model, "wise")
    request = turns.TurnRequest("한국의 수도는?")
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=request)
    await runner.run_turn(turn.public_id)
    await runner.close_loop_resources()

    timeline = await asyncio.to_thread(read_timeline, turn, (), ())

    kinds = [event.kind for event in timeline.events]
    assert not timeline.is_estimated
    assert kinds[0] == "turn_opened" and {"route_chosen", "candidate_delta", "turn_closed"} <= set(kinds)
    assert kinds.count("candidate_delta") == 1
    moments = [event.at for event in timeline.events]
    assert moments == sorted(moments)
    assert all("text" not in event.values for event in timeline.events)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(stream_key(str(turn.public_id)))
    assert (await asyncio.to_thread(read_timeline, turn, (), ())).is_estimated


def test_every_code_of_a_turn_has_words() -> None:
    assert set(events.EVENTS) - {"more"} <= set(EVENTS)
    # The page's own words name the same codes.
    for key, labels in (("error", ERRORS), ("failure", ERRORS), ("reason", RANK_REASONS)):
        assert find_message_keys(key) - {"other"} <= set(labels), key


def find_message_keys(prefix: str) -> set[str]:
    """Return the codes that the page's messages know under a prefix."""
    folder = Path(settings.BASE_DIR) / "templates" / "aggregator"
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("_*message*.html"))
    return set(re.findall(rf'data-message="{prefix}\.(\w+)"', text))


@pytest.mark.parametrize(
    ("income", "spent", "value", "words"),
    [
        (0.0, 0.0, "–", "아직 모델 비용이 없어요"),
        (43.0, 100.0, "43%", "모델 비용 가운데"),
        (100.0, 100.0, "100%", "모델 비용 가운데"),
        (1_143.0, 100.0, "11.4배", "모델 비용의 11.4배"),
    ],
)
def test_what_ads_pay_is_a_share_or_a_multiple(income: float, spent: float, value: str, words: str) -> None:
    at = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    points = (BudgetPoint(at, income, spent, 0.1, None),)
    history = BudgetHistory(subsidy=0, left=0, turns=0, quality=None, runway=None, points=points)
    shown, note = describe_coverage(history)
    assert shown == value and words in note
