"""Who may see and do what in the console: every page belongs to one advertiser and one membership."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from ads.models import Advertiser, Membership

ViewParams = ParamSpec("ViewParams")


@dataclass(frozen=True, slots=True)
class AdvertiserContext:
    """One person at one advertiser's desk."""

    advertiser: Advertiser
    role: str

    @property
    def may_edit(self) -> bool:
        """Whether campaigns, keywords and creatives are theirs to change."""
        return self.role in (Membership.Role.OWNER, Membership.Role.EDITOR)

    @property
    def is_owner(self) -> bool:
        """Whether money and people are theirs to decide on."""
        return self.role == Membership.Role.OWNER


AdvertiserView = Callable[Concatenate[HttpRequest, AdvertiserContext, ViewParams], HttpResponseBase]
UrlView = Callable[Concatenate[HttpRequest, uuid.UUID, ViewParams], HttpResponseBase]


def member_required(page: AdvertiserView[ViewParams]) -> UrlView[ViewParams]:
    """Show a page to the advertiser's members; to everybody else the advertiser does not exist."""
    return _require(page, lambda access: True)


def editor_required(page: AdvertiserView[ViewParams]) -> UrlView[ViewParams]:
    """Show a page to members who may change campaigns; others among them are told that they may not."""
    return _require(page, lambda access: access.may_edit)


def owner_required(page: AdvertiserView[ViewParams]) -> UrlView[ViewParams]:
    """Show a page to owners; other members are told that it is not theirs."""
    return _require(page, lambda access: access.is_owner)


def _require(
    page: AdvertiserView[ViewParams], allows: Callable[[AdvertiserContext], bool]
) -> UrlView[ViewParams]:
    @wraps(page)
    def route(
        request: HttpRequest, advertiser: uuid.UUID, *args: ViewParams.args, **kwargs: ViewParams.kwargs
    ) -> HttpResponseBase:
        access = load_advertiser_context(request, advertiser)
        if not allows(access):
            raise PermissionDenied
        return page(request, access, *args, **kwargs)

    return login_required(route)  # type: ignore[return-value]


def load_advertiser_context(request: HttpRequest, advertiser: uuid.UUID) -> AdvertiserContext:
    """Return the person's desk at this advertiser, or raise Http404."""
    membership = (
        Membership.objects.filter(member_id=request.user.pk, advertiser__public_id=advertiser)
        .select_related("advertiser")
        .first()
    )
    if membership is None:
        raise Http404
    return AdvertiserContext(advertiser=membership.advertiser, role=membership.role)
