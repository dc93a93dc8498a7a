"""Point 12: a reviewer sees the card as people will, decides first, and goes on with the queue."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from ads.admin.review_page import build_review_page, compare_words, find_next, list_queue
from ads.models import Approval, Creative
from testing.ads.inventory import make_ad
from testing.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def queue() -> list[Creative]:
    """Three creatives that wait, the oldest first."""
    return [send_to_review(f"도쿄 왕복 {number}", days_ago=9 - number) for number in range(3)]


def send_to_review(title: str, *, days_ago: int = 1, replaces: Creative | None = None) -> Creative:
    """Create an ad that waits for review, or a new version of one that serves."""
    group = (replaces or make_ad(keywords=((f"키워드 {title}", "exact"),))).ad_group
    creative = Creative.objects.create(
        ad_group=group,
        title=title,
        body="Bags included.",
        landing_url="https://grace.example/tokyo",
        display_domain="grace.example",
        review=Creative.Review.WAITING,
        **({"lineage": replaces.lineage, "version": 2} if replaces else {}),
    )
    Creative.objects.filter(pk=creative.pk).update(created_at=timezone.now() - timedelta(days=days_ago))
    creative.refresh_from_db()
    return creative


def page_of(creative: Creative) -> str:
    return reverse("admin:ads_creative_change", args=[creative.pk])


def decide(client: Client, creative: Creative, decision: str, reason: str = "") -> str:
    """Decide and return the page that follows."""
    form = {f"ads_creative_{decision}": "1", "review_reason": reason}
    return client.post(page_of(creative), form).headers["Location"]


def test_the_decisions_and_the_card_stand_before_the_fields(
    admin_client: Client, queue: list[Creative]
) -> None:
    page = admin_client.get(page_of(queue[1])).content.decode()
    order = [
        "3개 중 2번째",
        'name="ads_creative_approve"',
        'class="placement"',
        "키워드 도쿄 왕복 1",
        "자세히",
    ]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert page.count("도쿄 왕복 1</span>") == 2
    assert 'rel="noopener noreferrer nofollow"' in page
    # Nothing is edited here, so there is nothing to save.
    assert 'name="_save"' not in page and 'name="_continue"' not in page


def test_enter_in_a_field_refuses(admin_client: Client, queue: list[Creative]) -> None:
    form = admin_client.get(page_of(queue[0])).content.decode().partition('id="creative_form"')[2]
    first = form[form.index('type="submit"') :]
    assert first.index("ads_creative_reject") < first.index("ads_creative_approve")


def test_a_decision_leads_to_the_next_creative_and_the_last_one_to_the_list(
    admin_client: Client, queue: list[Creative]
) -> None:
    assert decide(admin_client, queue[1], "approve") == page_of(queue[2])
    assert decide(admin_client, queue[2], "reject", "연결되지 않는 주소예요") == page_of(queue[0])
    assert decide(admin_client, queue[0], "reject") == page_of(queue[0])
    assert decide(admin_client, queue[0], "approve") == reverse("admin:ads_creative_changelist")
    assert "검토할 문구를 다 봤어요" in admin_client.get(page_of(queue[0])).content.decode()
    states = [Creative.objects.get(pk=creative.pk).review for creative in queue]
    assert states == ["approved", "approved", "rejected"]


def test_what_only_another_reviewer_can_approve_is_not_next(
    admin_client: Client, admin_user: User, queue: list[Creative]
) -> None:
    UserFactory.create(username="other", is_staff=True, is_superuser=True)
    risky = send_to_review("원금 보장 무조건 수익", days_ago=20)
    assert decide(admin_client, risky, "approve") == page_of(queue[0])
    assert list(list_queue(admin_user.pk)) == queue
    assert find_next(queue[2], admin_user.pk) == queue[0].pk
    page = admin_client.get(page_of(risky)).content.decode()
    assert "다른 사람도 승인해야 나가요" in page and "과장된 약속이 있어요" in page


def test_the_only_reviewer_gets_a_risky_creative_again_when_it_is_due(
    admin_user: User, queue: list[Creative]
) -> None:
    approval = Approval.objects.create(creative=queue[0], reviewer=admin_user)
    assert queue[0] not in list_queue(admin_user.pk)
    Approval.objects.filter(pk=approval.pk).update(created_at=timezone.now() - timedelta(days=30))
    assert queue[0] in list_queue(admin_user.pk)


def test_the_changed_words_of_a_new_version_are_marked(admin_user: User) -> None:
    new = send_to_review("Cheap Flights to Tokyo", replaces=make_ad())
    changes = build_review_page(new, admin_user.pk).changes
    assert ("added", "Cheap") in changes and ("same", "Tokyo") in changes
    assert compare_words(["a", "b"], ["a", "c"]) == (("same", "a"), ("removed", "b"), ("added", "c"))


def test_the_list_opens_with_what_waits(admin_client: Client, queue: list[Creative]) -> None:
    where = reverse("admin:ads_creative_changelist")
    assert admin_client.get(where).headers["Location"] == f"{where}?review__exact=waiting"
    # All of it, asked for on the list itself.
    assert admin_client.get(where, headers={"referer": f"http://testserver{where}?x"}).status_code == 200
    Creative.objects.update(review=Creative.Review.APPROVED)
    assert admin_client.get(where).status_code == 200


def test_a_decided_creative_shows_the_decision(admin_client: Client, queue: list[Creative]) -> None:
    decide(admin_client, queue[0], "reject", "과장된 표현이에요")
    page = admin_client.get(page_of(queue[0])).content.decode()
    assert "과장된 표현이에요" in page and 'name="ads_creative_approve"' not in page
