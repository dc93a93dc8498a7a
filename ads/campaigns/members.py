"""Memberships: owners manage money and members, editors manage campaigns, reporters read reports."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from ads.campaigns.advertisers import lock_advertiser
from ads.campaigns.errors import InvalidChangeError
from ads.models import Advertiser, Campaign, Membership


@transaction.atomic
def add_member(*, advertiser: Advertiser, member_id: int, role: str) -> Membership:
    """Add a member, or change the role of an existing one; the last owner keeps the role."""
    lock_advertiser(advertiser.pk)
    if role != Membership.Role.OWNER:
        _require_an_owner(advertiser, without=member_id)
    membership, _made = Membership.objects.update_or_create(
        advertiser=advertiser, member_id=member_id, defaults={"role": role}
    )
    return membership


@transaction.atomic
def remove_member(*, membership: Membership) -> None:
    """Delete a membership; raises InvalidChangeError for the last owner."""
    lock_advertiser(membership.advertiser_id)
    _require_an_owner(membership.advertiser, without=membership.member_id)
    membership.delete()


@transaction.atomic
def leave_advertisers(*, account: AbstractBaseUser) -> None:
    """Delete all memberships of an account that is being deleted; campaigns without an owner are paused.

    The advertiser and its ledger stay, because payments must remain on record.
    """
    memberships = Membership.objects.filter(member_id=account.pk)
    for advertiser in Advertiser.objects.select_for_update(no_key=True).filter(memberships__in=memberships):
        Membership.objects.filter(advertiser=advertiser, member_id=account.pk).delete()
        if not advertiser.memberships.filter(role=Membership.Role.OWNER).exists():
            for campaign in advertiser.campaigns.filter(status=Campaign.Status.ACTIVE):
                campaign.status = Campaign.Status.PAUSED
                campaign.save(update_fields=["status", "updated_at"])


def _require_an_owner(advertiser: Advertiser, *, without: int) -> None:
    owners = advertiser.memberships.filter(role=Membership.Role.OWNER)
    if owners.filter(member_id=without).exists() and not owners.exclude(member_id=without).exists():
        raise InvalidChangeError(_("소유자가 한 사람은 있어야 해요."), field="role")
