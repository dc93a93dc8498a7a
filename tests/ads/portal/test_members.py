from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import User
from accounts.services import delete_account
from ads.models import Advertiser, Campaign, Entry, Membership


def test_an_owner_changes_a_member_s_role_and_removes_the_member(
    portal_client: Client, shop: Advertiser, ada: User
) -> None:
    where = f"/advertise/{shop.public_id}/people/"
    EmailAddress.objects.create(user=ada, email=ada.email, verified=True)
    membership = Membership.objects.create(advertiser=shop, member=ada, role=Membership.Role.REPORTER)
    assert portal_client.post(where, {"email": "ADA@example.com", "role": "editor"}).status_code == 302
    membership.refresh_from_db()
    assert membership.role == Membership.Role.EDITOR
    assert "ada@example.com" in portal_client.get(where).content.decode()
    assert portal_client.post(f"{where}{membership.pk}/dismiss/").status_code == 302
    assert not Membership.objects.filter(member=ada).exists()


def test_the_last_owner_cannot_be_removed(portal_client: Client, shop: Advertiser, grace: User) -> None:
    where = f"/advertise/{shop.public_id}/people/"
    EmailAddress.objects.create(user=grace, email=grace.email, verified=True)
    own = Membership.objects.get(member=grace)
    assert portal_client.post(f"{where}{own.pk}/dismiss/").status_code == 409
    assert portal_client.post(where, {"email": grace.email, "role": "reporter"}).status_code == 422
    own.refresh_from_db()
    assert own.role == Membership.Role.OWNER


def test_mallory_cannot_remove_grace_s_members(
    client: Client, mallory: User, shop: Advertiser, grace: User
) -> None:
    client.force_login(mallory)
    own = Membership.objects.get(member=grace)
    assert client.post(f"/advertise/{shop.public_id}/people/{own.pk}/dismiss/").status_code == 404
    assert Membership.objects.filter(pk=own.pk).exists()


def test_campaigns_pause_when_the_last_owner_deletes_the_account(grace: User, campaign: Campaign) -> None:
    delete_account(account=grace)
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.PAUSED
    assert Entry.objects.exists()


def test_campaigns_continue_while_another_owner_exists(
    grace: User, ada: User, shop: Advertiser, campaign: Campaign
) -> None:
    Membership.objects.create(advertiser=shop, member=ada, role=Membership.Role.OWNER)
    delete_account(account=grace)
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.ACTIVE
