import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from ads.models import Creative
from ads.reviewing import NotWaitingError, approve_creative, risks_of
from ads.risk import find_risks
from tests.ads.inventory import make_ad


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
    assert risks_of(creative) == ("promise",)
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
    with pytest.raises(NotWaitingError):
        approve_creative(creative=creative, reviewer_id=ada.pk)


@pytest.mark.django_db
def test_the_admin_says_why_somebody_else_has_to_look_too(admin_client: Client) -> None:
    creative = make_risky()
    page = reverse("admin:ads_creative_change", args=[creative.pk])
    assert "크게 약속해요" in admin_client.get(page).content.decode()
    admin_client.post(page, {"review_reason": "", "ads_creative_approve": "1"})
    creative.refresh_from_db()
    assert creative.review == "waiting"
    assert "admin" in admin_client.get(page).content.decode()
