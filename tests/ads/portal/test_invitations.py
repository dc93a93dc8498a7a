"""Who is invited: nobody is a member before they proved the address, and nobody learns who has an account."""

import datetime
import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from ads.campaigns.members import MAX_PER_DAY, create_invitation, remove_member, revoke_invitation
from ads.models import Advertiser, Invitation, Membership
from ads.tasks import delete_expired_invitations
from testing.ads.inventory import make_advertiser

SentMails = list[EmailMessage]


def ask(portal_client: Client, shop: Advertiser, email: str, role: str = "editor") -> str:
    """Invite from Grace's portal_client; what her page says then."""
    answer = portal_client.post(
        f"/advertise/{shop.public_id}/people/", {"email": email, "role": role}, follow=True
    )
    return answer.content.decode()


def link_in(mail: EmailMessage) -> str:
    """The path that an invitation or a confirmation leads to."""
    found = re.search(re.escape(settings.PUBLIC_URL) + r"(/advertise/invited/\S+)", str(mail.body))
    assert found
    return found[1]


def prove(person: User) -> None:
    EmailAddress.objects.update_or_create(user=person, email=person.email, defaults={"verified": True})


def browser_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def roles() -> list[tuple[str, str]]:
    return sorted(Membership.objects.values_list("member__username", "role"))


def test_an_invitation_is_accepted_once_by_its_mailed_link(
    portal_client: Client, shop: Advertiser, ada: User, mailoutbox: SentMails
) -> None:
    prove(ada)
    page = ask(portal_client, shop, "Ada@Example.com")
    assert roles() == [("grace", "owner")]
    assert "Ada@Example.com" in page
    assert "수락을 기다리는 초대" in page
    assert mailoutbox[0].to == ["Ada@Example.com"]
    link, hers = link_in(mailoutbox[0]), browser_of(ada)
    assert "초대 수락" in hers.get(link).content.decode()
    assert hers.post(link).headers["Location"] == f"/advertise/{shop.public_id}/"
    assert roles() == [("ada", "editor"), ("grace", "owner")]
    assert hers.post(link).status_code == 410
    page = portal_client.get(f"/advertise/{shop.public_id}/people/").content.decode()
    assert "수락을 기다리는 초대" not in page


def test_an_unverified_email_address_gets_no_membership(
    portal_client: Client, shop: Advertiser, mallory: User, mailoutbox: SentMails
) -> None:
    """Mallory signed up as somebody of the company, and even has the link."""
    mallory.email = "boss@company.example"
    mallory.save()
    EmailAddress.objects.create(user=mallory, email=mallory.email, verified=False)
    ask(portal_client, shop, mallory.email, "owner")
    theirs = browser_of(mallory)
    link = link_in(mailoutbox[0])
    page = theirs.get(link).content.decode()
    assert "확인된 이메일이 아니에요" in page
    assert "초대 수락" not in page
    assert theirs.post(link).status_code == 409
    assert roles() == [("grace", "owner")]


def test_a_member_with_an_unverified_address_gets_no_other_role(
    portal_client: Client, shop: Advertiser, mallory: User
) -> None:
    Membership.objects.create(advertiser=shop, member=mallory, role=Membership.Role.REPORTER)
    mallory.email = "boss@company.example"
    mallory.save()
    ask(portal_client, shop, mallory.email, "owner")
    assert roles() == [("grace", "owner"), ("mallory", "reporter")]


@override_settings(EMAIL_HOST="mail.example")
def test_the_answer_to_an_invitation_does_not_reveal_accounts(
    portal_client: Client, shop: Advertiser, ada: User, mallory: User, mailoutbox: SentMails
) -> None:
    prove(ada)
    observed = set()
    for email in (ada.email, mallory.email, "nobody@example.com"):
        messages = re.findall(r"\S+로 초대를 보냈어요", ask(portal_client, shop, email))
        observed.add(messages[0].replace(email, "…").split(">")[-1])
    assert len(observed) == 1
    assert [mail.to for mail in mailoutbox] == [[ada.email], [mallory.email], ["nobody@example.com"]]
    assert roles() == [("grace", "owner")]


def test_a_site_without_mail_says_that_none_was_sent(portal_client: Client, shop: Advertiser) -> None:
    page = ask(portal_client, shop, "nobody@example.com")
    assert "링크는 서버 기록에만 있어요" in page
    assert "초대를 보냈어요" not in page


def test_a_new_user_signs_up_verifies_the_address_and_accepts(
    portal_client: Client, shop: Advertiser, mailoutbox: SentMails
) -> None:
    ask(portal_client, shop, "new@example.com", "reporter")
    link, theirs = link_in(mailoutbox[0]), Client()
    page = theirs.get(link).content.decode()
    signup = re.search(r'href="(/accounts/signup/[^"]+)"', page)
    assert signup
    sent = {"email": "new@example.com", "password1": "nudeln-und-suppe-77", "next": link}
    assert theirs.post(signup[1], sent).headers["Location"] == link
    assert theirs.post(link).status_code == 409
    confirm = re.search(r"(/accounts/confirm-email/\S+)", str(mailoutbox[1].body))
    assert confirm
    theirs.post(confirm[1])
    assert theirs.post(link).status_code == 302
    assert Membership.objects.get(member__email="new@example.com").role == Membership.Role.REPORTER


@pytest.mark.parametrize("end", ["withdrawn", "old", "renewed", "forged", "inviter gone"])
def test_a_closed_invitation_cannot_be_accepted(
    portal_client: Client, shop: Advertiser, grace: User, ada: User, mailoutbox: SentMails, end: str
) -> None:
    prove(ada)
    ask(portal_client, shop, ada.email)
    link, hers = link_in(mailoutbox[0]), browser_of(ada)
    moment = timezone.now()
    if end == "withdrawn":
        there = Invitation.objects.get().public_id
        assert portal_client.post(f"/advertise/{shop.public_id}/people/{there}/withdraw/").status_code == 302
    elif end == "old":
        moment += datetime.timedelta(days=7, seconds=1)
    elif end == "renewed":
        ask(portal_client, shop, ada.email, "reporter")
    elif end == "forged":
        link = f"{link[:-3]}x/"
    else:
        other = User.objects.create(username="other")
        Membership.objects.create(advertiser=shop, member=other, role=Membership.Role.OWNER)
        remove_member(membership=Membership.objects.get(member=grace))
    with time_machine.travel(moment):
        hers.force_login(ada)
        assert [hers.get(link).status_code, hers.post(link).status_code] == [410, 410]
    assert not Membership.objects.filter(member=ada).exists()


def test_only_owners_invite_and_revoke_and_only_at_their_advertiser(
    portal_client: Client, shop: Advertiser, ada: User, mallory: User, mailoutbox: SentMails
) -> None:
    ask(portal_client, shop, "new@example.com")
    there = Invitation.objects.get().public_id
    Membership.objects.create(advertiser=shop, member=ada, role=Membership.Role.EDITOR)
    other = make_advertiser("다른 가게")
    Membership.objects.create(advertiser=other, member=mallory, role=Membership.Role.OWNER)
    people, hers, theirs = f"/advertise/{shop.public_id}/people/", browser_of(ada), browser_of(mallory)
    sent = {"email": "mallory@example.com", "role": "owner"}
    assert [hers.post(people, sent).status_code, theirs.post(people, sent).status_code] == [403, 404]
    assert hers.post(f"{people}{there}/withdraw/").status_code == 403
    theirs.post(f"/advertise/{other.public_id}/people/{there}/withdraw/")
    assert Invitation.objects.get().ended_at is None
    assert len(mailoutbox) == 1


def test_invitations_per_inviter_are_limited_each_day(
    portal_client: Client, shop: Advertiser, grace: User, mailoutbox: SentMails
) -> None:
    for number in range(MAX_PER_DAY):
        create_invitation(advertiser=shop, email=f"{number}@example.com", role="editor", inviter_id=grace.pk)
    assert "하루에 20명까지" in ask(portal_client, shop, "one-more@example.com")
    assert len(mailoutbox) == MAX_PER_DAY


def test_expired_invitations_are_deleted(portal_client: Client, shop: Advertiser) -> None:
    ask(portal_client, shop, "new@example.com")
    delete_expired_invitations()
    assert Invitation.objects.count() == 1
    with time_machine.travel(timezone.now() + datetime.timedelta(days=8)):
        delete_expired_invitations()
    assert not Invitation.objects.exists()


def test_a_revoked_invitation_is_deleted_after_a_day(
    portal_client: Client, shop: Advertiser, grace: User
) -> None:
    ask(portal_client, shop, "new@example.com")
    ask(portal_client, shop, "other@example.com")
    revoke_invitation(advertiser=shop, public_id=Invitation.objects.get(email="new@example.com").public_id)
    delete_expired_invitations()
    # Until then it counts for how many people its inviter mailed.
    assert Invitation.objects.filter(inviter=grace).count() == 2
    with time_machine.travel(timezone.now() + datetime.timedelta(days=1, minutes=1)):
        delete_expired_invitations()
    assert Invitation.objects.get().email == "other@example.com"
