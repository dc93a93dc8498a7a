"""Members of an advertiser, and invitations to become one: mailed to an address, accepted by its account.

Owners manage money and members, editors manage campaigns, reporters read reports. The
inviter learns nothing about the address: neither whether it has an account nor whether mail arrives.
"""

import datetime
import uuid
from typing import Literal

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ads.campaigns.advertisers import lock_advertiser
from ads.campaigns.errors import InvalidChangeError
from ads.infra.notifications import send_text
from ads.models import Advertiser, Campaign, Invitation, Membership


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
        raise InvalidChangeError(_("소유자는 한 명 이상 있어야 해요."), field="role")


LIFETIME = datetime.timedelta(days=7)
DAY = datetime.timedelta(days=1)
# Every invitation is an unsolicited mail.
MAX_PER_DAY = 20
SALT = "ads.invitation"

InvitationState = Literal["closed", "anonymous", "unverified", "open"]


def create_invitation(*, advertiser: Advertiser, email: str, role: str, inviter_id: int) -> Invitation | None:
    """Invite an address; a member with that address gets the role at once, and None is returned.

    Raises InvalidChangeError when this would leave no owner, or at the inviter's daily limit.
    """
    with transaction.atomic():
        # Two owners who invite the same address at once still create one open invitation.
        lock_advertiser(advertiser.pk)
        member_id = _find_member(advertiser, email)
        if member_id is not None:
            add_member(advertiser=advertiser, member_id=member_id, role=role)
            return None
        now = timezone.now()
        if Invitation.objects.filter(inviter_id=inviter_id, created_at__gt=now - DAY).count() >= MAX_PER_DAY:
            raise InvalidChangeError(
                _("하루에 %(most)s명까지 초대할 수 있어요.") % {"most": MAX_PER_DAY}, field="email"
            )
        advertiser.invitations.filter(email__iexact=email, ended_at=None).update(ended_at=now)
        invitation = Invitation.objects.create(
            advertiser=advertiser,
            email=email,
            role=role,
            inviter_id=inviter_id,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    _mail(invitation)
    return invitation


def open_invitations() -> QuerySet[Invitation]:
    """Return the invitations that can be accepted: unused, not revoked or expired, inviter still an owner."""
    owners = Membership.objects.filter(
        advertiser=OuterRef("advertiser"), member=OuterRef("inviter"), role=Membership.Role.OWNER
    )
    return Invitation.objects.filter(Exists(owners), ended_at=None, expires_at__gt=timezone.now())


def find_invitation(token: str) -> Invitation | None:
    """Return the open invitation of a mailed token, or None."""
    try:
        public_id = uuid.UUID(signing.loads(token, salt=SALT, max_age=LIFETIME))
    except (signing.BadSignature, ValueError):
        return None
    return open_invitations().select_related("advertiser").filter(public_id=public_id).first()


def invitation_state(invitation: Invitation | None, *, account_id: int | None) -> InvitationState:
    """Return what keeps this account, or an anonymous visitor, from accepting an invitation; or "open"."""
    if invitation is None:
        return "closed"
    if account_id is None:
        return "anonymous"
    return "open" if has_verified_email(account_id, invitation.email) else "unverified"


def has_verified_email(account_id: int, email: str) -> bool:
    """Return whether the account has verified this email address."""
    verified = EmailAddress.objects.filter(user_id=account_id, email__iexact=email, verified=True)
    return bool(verified.exists())


@transaction.atomic
def accept_invitation(invitation: Invitation, *, account_id: int) -> Membership | None:
    """Make the account a member, once; None when the invitation is closed. Raises InvalidChangeError."""
    # The advertiser is locked first, as everywhere that memberships change.
    lock_advertiser(invitation.advertiser_id)
    current = open_invitations().select_related("advertiser").filter(pk=invitation.pk).first()
    if current is None or not has_verified_email(account_id, current.email):
        return None
    current.ended_at = timezone.now()
    current.save(update_fields=["ended_at"])
    return add_member(advertiser=current.advertiser, member_id=account_id, role=current.role)


def revoke_invitation(*, advertiser: Advertiser, public_id: uuid.UUID) -> None:
    """Revoke an invitation; revoking it again changes nothing."""
    ending = advertiser.invitations.filter(public_id=public_id, ended_at=None)
    ending.update(ended_at=timezone.now())


def delete_expired_invitations() -> int:
    """Delete invitations that can no longer be accepted; return how many."""
    now = timezone.now()
    # An ended invitation is kept for a day because it counts towards its inviter's daily limit.
    ended = Q(ended_at__isnull=False, created_at__lt=now - DAY)
    return Invitation.objects.filter(ended | Q(expires_at__lt=now)).delete()[0]


def _find_member(advertiser: Advertiser, email: str) -> int | None:
    verified = EmailAddress.objects.filter(user=OuterRef("member"), email__iexact=email, verified=True)
    members = advertiser.memberships.filter(Exists(verified), member__email__iexact=email).order_by("pk")
    return members.values_list("member_id", flat=True).first()


def _mail(invitation: Invitation) -> None:
    token = signing.dumps(str(invitation.public_id), salt=SALT)
    link = f"{settings.PUBLIC_URL}{reverse('portal:invited', args=[token])}"
    words = {"advertiser": invitation.advertiser, "link": link, "days": LIFETIME.days}
    text = render_to_string("ads/email/invitation.txt", words)
    subject = f"[{_('짬뽕')}] {_('광고 센터에 초대받았어요')}"
    # The inviter must not learn whether the address exists; the invitation can be sent again.
    send_text(subject, text, [invitation.email], purpose=f"invitation {invitation.public_id}")
