"""Access to the portal: each page belongs to one advertiser and requires a role of its members."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from ads.models import AdGroup, Advertiser, Campaign, Creative, Membership
from ads.reporting.advertiser_inventory import ad_groups_of, campaigns_of, creatives_of, find_membership

ViewParams = ParamSpec("ViewParams")


@dataclass(frozen=True, slots=True)
class AdvertiserContext:
    """The advertiser of a page and the role that the current account has there."""

    advertiser: Advertiser
    role: str

    @property
    def may_edit(self) -> bool:
        """Whether the account may change campaigns, keywords and creatives."""
        return self.role in (Membership.Role.OWNER, Membership.Role.EDITOR)

    @property
    def is_owner(self) -> bool:
        """Whether the account may move money and change members."""
        return self.role == Membership.Role.OWNER


AdvertiserView = Callable[Concatenate[HttpRequest, AdvertiserContext, ViewParams], HttpResponseBase]
UrlView = Callable[Concatenate[HttpRequest, UUID, ViewParams], HttpResponseBase]


def member_required(view: AdvertiserView[ViewParams]) -> UrlView[ViewParams]:
    """Let members of the advertiser call the view; everybody else gets a 404."""
    return _require(view, lambda access: True)


def editor_required(view: AdvertiserView[ViewParams]) -> UrlView[ViewParams]:
    """Let owners and editors call the view; other members get a 403."""
    return _require(view, lambda access: access.may_edit)


def owner_required(view: AdvertiserView[ViewParams]) -> UrlView[ViewParams]:
    """Let owners call the view; other members get a 403."""
    return _require(view, lambda access: access.is_owner)


def _require(
    view: AdvertiserView[ViewParams], allows: Callable[[AdvertiserContext], bool]
) -> UrlView[ViewParams]:
    @wraps(view)
    def wrapped(
        request: HttpRequest, advertiser: UUID, *args: ViewParams.args, **kwargs: ViewParams.kwargs
    ) -> HttpResponseBase:
        access = load_advertiser_context(request, advertiser)
        if not allows(access):
            raise PermissionDenied
        return view(request, access, *args, **kwargs)

    return login_required(wrapped)  # type: ignore[return-value]


def load_advertiser_context(request: HttpRequest, advertiser_id: UUID) -> AdvertiserContext:
    """Return the context of the current account at this advertiser; raises Http404 for non-members."""
    membership = find_membership(request.user.pk, advertiser_id)
    if membership is None:
        raise Http404
    return AdvertiserContext(advertiser=membership.advertiser, role=membership.role)


def find_campaign(access: AdvertiserContext, public_id: UUID) -> Campaign:
    """Return a campaign of this advertiser; raises Http404 for any other."""
    return get_object_or_404(campaigns_of(access.advertiser), public_id=public_id)


def find_ad_group(access: AdvertiserContext, public_id: UUID) -> AdGroup:
    """Return an ad group of this advertiser; raises Http404 for any other."""
    return get_object_or_404(ad_groups_of(access.advertiser), public_id=public_id)


def find_creative(access: AdvertiserContext, public_id: UUID) -> Creative:
    """Return a creative of this advertiser; raises Http404 for any other."""
    return get_object_or_404(creatives_of(access.advertiser), public_id=public_id)
