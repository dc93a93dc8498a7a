"""Advertisers: registering one, locking its row, and the networks it declares as its own."""

import uuid
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from ads.campaigns.errors import InvalidChangeError
from ads.domain.networks import MAX_NETWORKS
from ads.ledger.accounts import open_wallet
from ads.models import Advertiser, Membership


def lock_advertiser(advertiser_id: int) -> Advertiser:
    """Return the advertiser with its row locked, so that concurrent changes to it run one after another."""
    return Advertiser.objects.select_for_update(no_key=True).get(pk=advertiser_id)


@transaction.atomic
def register_advertiser(*, name: str, owner_id: int, key: uuid.UUID | None = None) -> Advertiser:
    """Create an advertiser with an empty wallet and its first owner; idempotent by key."""
    key = key or uuid.uuid4()
    try:
        with transaction.atomic():
            advertiser = Advertiser.objects.create(name=name, public_id=key)
    except IntegrityError:
        # A form sent twice: the first request has created the advertiser.
        known = Advertiser.objects.filter(public_id=key, memberships__member_id=owner_id).first()
        return known or register_advertiser(name=name, owner_id=owner_id)
    Membership.objects.create(advertiser=advertiser, member_id=owner_id, role=Membership.Role.OWNER)
    open_wallet(advertiser)
    return advertiser


@transaction.atomic
def save_own_networks(*, advertiser: Advertiser, networks: Iterable[str], adds: bool = False) -> None:
    """Replace the networks that the advertiser declares as its own, or add to them when `adds`.

    Clicks from these networks are free from now on; earlier charges stay.
    """
    advertiser = lock_advertiser(advertiser.pk)
    kept = advertiser.own_networks if adds else []
    named = list(dict.fromkeys([*kept, *networks]))
    if len(named) > MAX_NETWORKS:
        raise InvalidChangeError(
            _("%(most)s개까지 적을 수 있어요.") % {"most": MAX_NETWORKS}, field="networks"
        )
    advertiser.own_networks = named
    advertiser.save(update_fields=["own_networks", "updated_at"])
