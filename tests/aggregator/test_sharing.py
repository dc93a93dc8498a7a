"""Public links to conversations."""

import re
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.services import delete_account
from aggregator.models import Candidate, Conversation, Share, Turn
from aggregator.selectors.branches import find_leaf
from aggregator.services import deletion, sharing
from testing.factories import UserFactory
from testing.site.live_site import PLAIN_STORAGES
from tests.aggregator.test_earlier_turns import long_conversation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain_static() -> Iterator[None]:
    """Pages are looked at without collecting static files first."""
    with override_settings(STORAGES=PLAIN_STORAGES):
        yield


@pytest.fixture
def conversation(ada: User) -> Conversation:
    """Ada's conversation, which she gave a name of her own, with one turn."""
    held = Conversation.objects.create(owner=ada, title="민수 병원 일", updated_at=timezone.now())
    answer(held, "수도가 어디예요?", "**서울**이에요.", "서울 아닐까요")
    return held


def answer(conversation: Conversation, prompt: str, *texts: str, **fields: object) -> Turn:
    """A finished turn after the newest; the first text stands as its answer."""
    turn = Turn.objects.create(
        conversation=conversation,
        parent=find_leaf(conversation),
        number=conversation.turns.count() + 1,
        prompt=prompt,
        language="ko",
        **{"status": Turn.Status.DONE, "closed_at": timezone.now(), "answer_kind": "best", **fields},
    )
    rows = [
        Candidate.objects.create(
            turn=turn,
            position=place,
            model=f"model-{place}",
            model_name=f"모델 {place}",
            vendor="Vendor",
            status=Candidate.Status.DONE,
            text=text,
        )
        for place, text in enumerate(texts)
    ]
    if rows and not turn.answer_text:
        Turn.objects.filter(pk=turn.pk).update(answer_candidate=rows[0])
    return turn


def share(client: Client, conversation: Conversation) -> str:
    """Share as the page does; return where the public copy is."""
    return str(client.post(f"/c/{conversation.public_id}/share/").json()["path"])


def test_anybody_with_the_link_reads_prompt_answer_and_other_answers(
    client: Client, ada: User, conversation: Conversation
) -> None:
    client.force_login(ada)
    path = share(client, conversation)
    page = Client().get(path)
    shown = page.content.decode()

    assert re.fullmatch(r"/s/[\w-]{43}/", path)
    for text in ("수도가 어디예요?", "**서울**이에요.", "서울 아닐까요", "모델 1", "나도 물어보기"):
        assert text in shown
    assert shown.count("**서울**이에요.") == 1


def test_a_public_copy_shows_no_owner_and_no_ad_and_is_not_indexed(
    client: Client, ada: User, conversation: Conversation
) -> None:
    ad = {"advertiser": "광고주", "title": "광고 제목"}
    Turn.objects.update(placement={"ad": ad, "reason": ""}, cost_micros=77)
    client.force_login(ada)
    page = Client().get(share(client, conversation))
    shown = page.content.decode()

    assert page.headers["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in shown
    for hidden in (
        ada.email,
        ada.username,
        "민수",
        "광고주",
        "광고 제목",
        str(conversation.public_id),
        "<textarea",
    ):
        assert hidden not in shown
    assert "no-store" in page.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("fields", "kind", "text"),
    [
        ({}, "chosen", "서울 아닐까요"),
        ({"answer_kind": "fused", "answer_text": "모은 답"}, "chosen", "서울 아닐까요"),
        ({"answer_kind": "help", "answer_text": "도움"}, "help", "도움\n\n서울 아닐까요"),
    ],
)
def test_the_answer_that_the_owner_continued_with_is_the_copy_s_answer(
    ada: User, fields: dict[str, str], kind: str, text: str
) -> None:
    held = Conversation.objects.create(owner=ada, updated_at=timezone.now())
    turn = answer(held, "수도가 어디예요?", "**서울**이에요.", "서울 아닐까요", **fields)
    Turn.objects.filter(pk=turn.pk).update(continued_with=turn.candidates.get(text="서울 아닐까요"))
    copied = sharing.read_shared_turns(sharing.share_conversation(conversation=held))[0]
    assert (copied.kind, copied.name, copied.answer) == (kind, "모델 1", text)
    assert [other.text for other in copied.others] == ["**서울**이에요."]


def test_what_is_asked_or_changed_later_is_not_shown(
    client: Client, ada: User, conversation: Conversation
) -> None:
    client.force_login(ada)
    path = share(client, conversation)
    answer(conversation, "나중 질문", "나중 답")
    Candidate.objects.filter(text="서울 아닐까요").update(text="고친 답")
    shown = Client().get(path).content.decode()

    assert share(client, conversation) == path
    assert "나중" not in shown
    assert "고친 답" not in shown
    assert "서울 아닐까요" in shown


def test_turns_that_run_are_on_another_branch_or_say_nothing_are_left_out(conversation: Conversation) -> None:
    newer = answer(conversation, "고친 질문", "고친 답")
    Turn.objects.filter(pk=newer.pk).update(parent=None)
    answer(conversation, "아직", "쓰는 중", status=Turn.Status.RUNNING, closed_at=None)
    answer(conversation, "실패", status=Turn.Status.FAILED, answer_kind="")
    copied = sharing.read_shared_turns(sharing.share_conversation(conversation=conversation))

    assert [turn.prompt for turn in copied] == ["고친 질문"]


def test_the_branch_on_screen_is_shared(client: Client, ada: User, conversation: Conversation) -> None:
    first = Turn.objects.get()
    newer = answer(conversation, "고친 질문", "고친 답")
    Turn.objects.filter(pk=newer.pk).update(parent=None)
    client.force_login(ada)
    made = client.post(f"/c/{conversation.public_id}/share/", {"at": str(first.public_id)}).json()
    shown = Client().get(made["path"]).content.decode()
    assert "수도가 어디예요?" in shown
    assert "고친 질문" not in shown


def test_a_long_conversation_is_copied_whole(ada: User) -> None:
    held = long_conversation(ada, 130)
    made = sharing.share_conversation(conversation=held)
    assert (len(made.turns), made.left_out) == (130, 0)
    assert made.title == "질문 1번"


def test_what_a_copy_leaves_out_is_stated_by_the_dialogs_and_by_the_copy(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "MAX_SHARED_TURNS", 10)
    held = long_conversation(ada, 13)
    Turn.objects.filter(number=2).update(parent=None)
    client.force_login(ada)
    before = client.get(f"/c/{held.public_id}/").content.decode()
    made = client.post(f"/c/{held.public_id}/share/").json()
    after = client.get(f"/c/{held.public_id}/").content.decode()
    copy = Client().get(made["path"]).content.decode()

    assert "마지막 질문 10개만" in before
    assert 'data-share-left-out="0"' in before
    # The other version of the first question is on another branch.
    assert made["left_out"] == 2
    assert 'data-share-left-out="2"' in after
    assert "앞의 질문 2개는 여기에 없어요" in copy
    assert "질문 4번" in copy
    assert "질문 3번" not in copy


def test_a_copy_that_leaves_nothing_out_says_nothing_of_it(
    client: Client, ada: User, conversation: Conversation
) -> None:
    client.force_login(ada)
    page = client.get(f"/c/{conversation.public_id}/").content.decode()
    copy = Client().get(share(client, conversation)).content.decode()
    assert "그 앞의 질문은" not in page
    assert "여기에 없어요" not in copy


def test_help_lines_stand_before_the_answer_below_them(conversation: Conversation) -> None:
    answer(conversation, "힘들어요", answer_kind="help", answer_text="109로 전화해 주세요.")
    fused = answer(conversation, "모아 줘", "하나", "둘", answer_kind="fused", answer_text="하나와 둘")
    copied = sharing.read_shared_turns(sharing.share_conversation(conversation=conversation))

    assert [(turn.kind, turn.answer) for turn in copied[1:]] == [
        ("help", "109로 전화해 주세요."),
        ("fused", "하나와 둘"),
    ]
    assert [other.text for other in copied[2].others] == [row.text for row in fused.candidates.all()]


def test_a_stopped_turn_shows_its_leader(conversation: Conversation) -> None:
    turn = answer(conversation, "멈춰", "앞선 글", status=Turn.Status.STOPPED, answer_kind="")
    row = turn.candidates.get()
    Turn.objects.filter(pk=turn.pk).update(answer_candidate=None, leader=str(row.public_id))
    copied = sharing.read_shared_turns(sharing.share_conversation(conversation=conversation))

    assert copied[1].answer == "앞선 글"


def test_a_withdrawn_link_is_not_found_and_another_one_can_be_made(
    client: Client, ada: User, conversation: Conversation
) -> None:
    client.force_login(ada)
    path = share(client, conversation)
    client.post(f"/c/{conversation.public_id}/unshare/")
    client.post(f"/c/{conversation.public_id}/unshare/")

    assert Client().get(path).status_code == 404
    assert Share.objects.get().turns == []
    assert share(client, conversation) != path


def test_the_owner_sees_that_a_conversation_is_shared(
    client: Client, ada: User, conversation: Conversation
) -> None:
    client.force_login(ada)
    path = share(client, conversation)
    assert f'data-share-path="{path}"' in client.get(f"/c/{conversation.public_id}/").content.decode()


def test_mallory_can_neither_share_nor_withdraw(
    client: Client, ada: User, mallory: User, conversation: Conversation
) -> None:
    client.force_login(ada)
    path = share(client, conversation)
    client.force_login(mallory)

    assert client.post(f"/c/{conversation.public_id}/share/").status_code == 404
    assert client.post(f"/c/{conversation.public_id}/unshare/").status_code == 404
    assert client.get(f"/c/{conversation.public_id}/share/").status_code == 405
    assert Client().get(path).status_code == 200
    assert Client().get(f"{path[:-2]}x/").status_code == 404


def test_a_link_ends_with_its_conversation_and_with_its_account(
    client: Client, ada: User, conversation: Conversation
) -> None:
    client.force_login(ada)
    first = share(client, conversation)
    deletion.delete_conversation(conversation=conversation)
    other = Conversation.objects.create(owner=ada, updated_at=timezone.now())
    answer(other, "또 하나", "답")
    second = share(client, other)
    ada.is_active = False
    ada.save()

    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 404
    delete_account(account=ada)
    assert not Share.objects.exists()


def test_the_number_of_links_a_day_is_limited(
    client: Client, ada: User, conversation: Conversation, settings: Settings
) -> None:
    settings.SHARES_PER_DAY = 2
    client.force_login(ada)
    for _ in range(2):
        share(client, conversation)
        client.post(f"/c/{conversation.public_id}/unshare/")
    refused = client.post(f"/c/{conversation.public_id}/share/")

    assert refused.status_code == 429
    assert "내일" in refused.json()["message"]


def test_a_conversation_without_an_answer_is_not_shared(client: Client, ada: User) -> None:
    empty = Conversation.objects.create(owner=ada, updated_at=timezone.now())
    answer(empty, "실패", status=Turn.Status.FAILED)
    client.force_login(ada)
    refused = client.post(f"/c/{empty.public_id}/share/")

    assert refused.status_code == 409
    assert "아직" in refused.json()["message"]


def test_a_public_copy_is_read_in_one_query(
    conversation: Conversation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = sharing.share_conversation(conversation=conversation).token
    with django_assert_num_queries(1):
        assert sharing.find_share_by_token(token) is not None


def test_the_database_keeps_one_open_link_and_no_text_of_a_withdrawn_one(conversation: Conversation) -> None:
    sharing.share_conversation(conversation=conversation)
    with pytest.raises(IntegrityError), transaction.atomic():
        Share.objects.create(conversation=conversation, token="other", title="둘")
    with pytest.raises(IntegrityError), transaction.atomic():
        Share.objects.update(withdrawn_at=timezone.now())


def test_an_admin_sees_links_and_withdraws_them(
    client: Client, ada: User, conversation: Conversation
) -> None:
    client.force_login(ada)
    path = share(client, conversation)
    client.force_login(UserFactory.create(username="admin", is_staff=True, is_superuser=True))
    listed = client.get("/admin/aggregator/share/").content.decode()
    row = Share.objects.get()
    client.post("/admin/aggregator/share/", {"action": "withdraw", "_selected_action": [row.pk]})

    assert path in listed
    assert Client().get(path).status_code == 404
    assert path not in client.get(f"/admin/aggregator/share/{row.pk}/change/").content.decode()
