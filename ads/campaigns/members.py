"""Who acts for an advertiser: owners decide on money and people, editors on campaigns, reporters look."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from ads.campaigns.campaigns import InvalidChangeError
from ads.ledger.entries import open_wallet
from ads.models import Advertiser, Campaign, Membership


@transaction.atomic
def register_advertiser(*, name: str, owner_id: int, key: uuid.UUID | None = None) -> Advertiser:
    """Make an advertiser with an empty wallet and its first owner; the same key is the same advertiser."""
    key = key or uuid.uuid4()
    try:
        with transaction.atomic():
            advertiser = Advertiser.objects.create(name=name, public_id=key)
    except IntegrityError:
        # Whoever pressed twice comes here as soon as the first press is kept.
        known = Advertiser.objects.filter(public_id=key, memberships__member_id=owner_id).first()
        return known or register_advertiser(name=name, owner_id=owner_id)
    Membership.objects.create(advertiser=advertiser, member_id=owner_id, role=Membership.Role.OWNER)
    open_wallet(advertiser)
    return advertiser


@transaction.atomic
def add_member(*, advertiser: Advertiser, member_id: int, role: str) -> Membership:
    """Let a person act for the advertiser, or give a member another role."""
    _lock(advertiser)
    if role != Membership.Role.OWNER:
        _require_an_owner(advertiser, without=member_id)
    membership, _made = Membership.objects.update_or_create(
        advertiser=advertiser, member_id=member_id, defaults={"role": role}
    )
    return membership


@transaction.atomic
def remove_member(*, membership: Membership) -> None:
    """End a membership; the last owner stays."""
    _lock(membership.advertiser)
    _require_an_owner(membership.advertiser, without=membership.member_id)
    membership.delete()


@transaction.atomic
def leave_advertisers(*, account: AbstractBaseUser) -> None:
    """Let somebody whose account goes leave every advertiser; where no owner is left, campaigns pause.

    Advertiser and ledger stay: what was paid for has to stay on record.
    """
    memberships = Membership.objects.filter(member_id=account.pk)
    for advertiser in Advertiser.objects.select_for_update(no_key=True).filter(memberships__in=memberships):
        Membership.objects.filter(advertiser=advertiser, member_id=account.pk).delete()
        if not advertiser.memberships.filter(role=Membership.Role.OWNER).exists():
            for campaign in advertiser.campaigns.filter(status=Campaign.Status.ACTIVE):
                campaign.status = Campaign.Status.PAUSED
                campaign.save(update_fields=["status", "updated_at"])


def _lock(advertiser: Advertiser) -> None:
    Advertiser.objects.select_for_update(no_key=True).get(pk=advertiser.pk)


def _require_an_owner(advertiser: Advertiser, *, without: int) -> None:
    owners = advertiser.memberships.filter(role=Membership.Role.OWNER)
    if owners.filter(member_id=without).exists() and not owners.exclude(member_id=without).exists():
        raise InvalidChangeError(_("소유자가 한 사람은 있어야 해요."), field="role")
