import datetime

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from ads.campaigns.creative_review import (
    MissingReasonError,
    NotInReviewError,
    OtherReviewersError,
    OwnCreativeError,
    SoleApprovalError,
    TooSoonError,
    approve_alone,
    approve_creative,
    find_creative_risks,
    find_risks,
    other_reviewers,
)
from ads.models import Approval, Creative, Membership
from testing.ads.inventory import make_ad


def risks(
    words: str, *, landing_url: str = "https://grace.example/x", domain: str = "grace.example"
) -> set[str]:
    return set(find_risks(words=words, landing_url=landing_url, display_domain=domain))


@pytest.mark.parametrize(
    ("words", "risk"),
    [
        ("한 달에 10kg 감량", "health"),
        ("무조건 환불", "promise"),
        ("원금 걱정 없는 수익", "money"),
        ("Guaranteed results", "promise"),
    ],
)
def test_risky_words_are_found(words: str, risk: str) -> None:
    assert risk in risks(words)


def test_ordinary_words_are_not_risky() -> None:
    assert risks("도쿄 왕복 항공권, 위탁 수하물 포함") == set()
    assert risks("x", landing_url="https://www.grace.example/") == set()
    assert risks("x", landing_url="https://mallory.example/") == {"elsewhere"}
    assert risks("x", landing_url="https://notgrace.example/") == {"elsewhere"}


def make_risky() -> Creative:
    creative = make_ad()
    Creative.objects.filter(pk=creative.pk).update(review="draft")
    creative.refresh_from_db()
    creative.title, creative.review = "무조건 최저가", Creative.Review.WAITING
    creative.save()
    assert find_creative_risks(creative) == ("promise",)
    return creative


@pytest.mark.django_db
def test_risky_words_are_shown_once_two_people_approved_them(ada: User, grace: User) -> None:
    creative = make_risky()
    assert approve_creative(creative=creative, reviewer_id=ada.pk) is False
    assert approve_creative(creative=creative, reviewer_id=ada.pk) is False
    creative.refresh_from_db()
    assert creative.review == "waiting"
    assert approve_creative(creative=creative, reviewer_id=grace.pk) is True
    creative.refresh_from_db()
    assert (creative.review, creative.reviewer_id) == ("approved", grace.pk)
    with pytest.raises(NotInReviewError):
        approve_creative(creative=creative, reviewer_id=ada.pk)


@pytest.mark.django_db
def test_the_admin_says_why_a_second_reviewer_is_needed(admin_client: Client) -> None:
    creative = make_risky()
    page = reverse("admin:ads_creative_change", args=[creative.pk])
    assert "과장된 약속이 있어요" in admin_client.get(page).content.decode()
    admin_client.post(page, {"review_reason": "", "ads_creative_approve": "1"})
    creative.refresh_from_db()
    assert creative.review == "waiting"
    assert "admin" in admin_client.get(page).content.decode()


@pytest.fixture
def root(admin_user: User) -> User:
    """The only admin of the site."""
    return admin_user


def let_hours_pass(hours: float) -> None:
    Approval.objects.update(created_at=timezone.now() - datetime.timedelta(hours=hours))


@pytest.mark.django_db
def test_the_only_reviewer_approves_alone_after_a_day_with_a_reason(root: User) -> None:
    creative = make_risky()
    with pytest.raises(TooSoonError):
        approve_alone(creative=creative, reviewer_id=root.pk, reason="확인했어요")
    assert approve_creative(creative=creative, reviewer_id=root.pk) is False
    let_hours_pass(23.9)
    with pytest.raises(TooSoonError):
        approve_alone(creative=creative, reviewer_id=root.pk, reason="확인했어요")
    let_hours_pass(24.1)
    with pytest.raises(MissingReasonError):
        approve_alone(creative=creative, reviewer_id=root.pk, reason="  ")
    creative.refresh_from_db()
    assert creative.review == "waiting"
    approve_alone(creative=creative, reviewer_id=root.pk, reason=" 최저가 보상 약관을 봤어요 ")
    creative.refresh_from_db()
    approval = Approval.objects.get()
    assert (creative.review, creative.reviewer_id) == ("approved", root.pk)
    assert (approval.reviewer_id, approval.reason) == (root.pk, "최저가 보상 약관을 봤어요")
    assert approval.read_again_at is not None and approval.read_again_at > approval.created_at
    with pytest.raises(NotInReviewError):
        approve_alone(creative=creative, reviewer_id=root.pk, reason="또")


@pytest.mark.django_db
def test_approving_alone_is_refused_while_another_reviewer_exists(root: User, ada: User, grace: User) -> None:
    creative = make_risky()
    approve_creative(creative=creative, reviewer_id=root.pk)
    let_hours_pass(48)
    User.objects.filter(pk=ada.pk).update(is_staff=True)
    User.objects.filter(pk=grace.pk).update(is_staff=True, is_active=False)
    assert other_reviewers(root.pk) == []
    ada.user_permissions.add(Permission.objects.get(codename="change_creative"))
    assert other_reviewers(root.pk) == [ada]
    with pytest.raises(OtherReviewersError):
        approve_alone(creative=creative, reviewer_id=root.pk, reason="확인했어요")
    assert approve_creative(creative=creative, reviewer_id=ada.pk) is True


@pytest.mark.django_db
def test_a_site_can_always_require_two_reviewers(root: User, settings: Settings) -> None:
    settings.ADS_LONE_REVIEW_HOURS = 0
    creative = make_risky()
    approve_creative(creative=creative, reviewer_id=root.pk)
    let_hours_pass(1_000)
    with pytest.raises(OtherReviewersError):
        approve_alone(creative=creative, reviewer_id=root.pk, reason="확인했어요")


@pytest.mark.django_db
def test_a_member_cannot_approve_alone_for_their_advertiser(root: User) -> None:
    creative = make_risky()
    Membership.objects.create(advertiser=creative.ad_group.campaign.advertiser, member=root, role="editor")
    approve_creative(creative=creative, reviewer_id=root.pk)
    let_hours_pass(48)
    with pytest.raises(OwnCreativeError):
        approve_alone(creative=creative, reviewer_id=root.pk, reason="내 광고예요")


@pytest.mark.django_db
def test_a_new_version_needs_all_approvals_again(root: User) -> None:
    creative = make_risky()
    approve_creative(creative=creative, reviewer_id=root.pk)
    let_hours_pass(48)
    later = Creative.objects.create(
        ad_group=creative.ad_group,
        lineage=creative.lineage,
        version=2,
        title="원금 보장",
        body="Body",
        landing_url="https://grace.example/",
        display_domain="grace.example",
        review=Creative.Review.WAITING,
    )
    with pytest.raises(SoleApprovalError):
        approve_alone(creative=later, reviewer_id=root.pk, reason="확인했어요")


@pytest.mark.django_db
def test_the_database_refuses_a_sole_approval_without_reason_or_second_review(root: User) -> None:
    approve_creative(creative=make_risky(), reviewer_id=root.pk)
    for change in (
        {"read_again_at": timezone.now()},
        {"reason": "그냥"},
        {"read_again_at": timezone.now() - datetime.timedelta(days=1), "reason": "그냥"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Approval.objects.update(**change)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "before", "between", "after"),
    [
        ("ko", "승인하고 24시간 뒤에 다시 읽어야", "다시 읽고 사유를 적으면", "혼자,"),
        ("en", "approve, and read them again after 24 hours", "read them again and write why", "alone,"),
    ],
)
def test_the_admin_guides_the_only_reviewer(
    admin_client: Client, language: str, before: str, between: str, after: str
) -> None:
    creative = make_risky()
    page = reverse("admin:ads_creative_change", args=[creative.pk])
    header = {"accept-language": language}

    def read_page() -> str:
        return admin_client.get(page, headers=header).content.decode()

    def press(button: str, **more: str) -> str:
        sent = {"review_reason": "", "lone_reason": "", f"ads_creative_{button}": "1", **more}
        answer = admin_client.post(page, sent, headers=header, follow=True)
        creative.refresh_from_db()
        return answer.content.decode()

    assert before in read_page() and "approve_alone" not in read_page()
    assert between in press("approve")
    assert "approve_alone" in read_page() and "lone_reason" in read_page()
    assert between in press("approve_alone", lone_reason="약관을 봤어요") and creative.review == "waiting"
    let_hours_pass(25)
    press("approve_alone")
    assert creative.review == "waiting"
    press("approve_alone", lone_reason="약관을 봤어요")
    assert creative.review == "approved"
    assert after in read_page() and "약관을 봤어요" in read_page() and "approve_alone" not in read_page()
