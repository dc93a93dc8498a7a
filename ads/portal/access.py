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

Extra = ParamSpec("Extra")


@dataclass(frozen=True, slots=True)
class Desk:
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


Page = Callable[Concatenate[HttpRequest, Desk, Extra], HttpResponseBase]
Route = Callable[Concatenate[HttpRequest, uuid.UUID, Extra], HttpResponseBase]


def for_members(page: Page[Extra]) -> Route[Extra]:
    """Show a page to the advertiser's members; to everybody else the advertiser does not exist."""
    return _guard(page, lambda desk: True)


def for_editors(page: Page[Extra]) -> Route[Extra]:
    """Show a page to members who may change campaigns; others among them are told that they may not."""
    return _guard(page, lambda desk: desk.may_edit)


def for_owners(page: Page[Extra]) -> Route[Extra]:
    """Show a page to owners; other members are told that it is not theirs."""
    return _guard(page, lambda desk: desk.is_owner)


def _guard(page: Page[Extra], allows: Callable[[Desk], bool]) -> Route[Extra]:
    @wraps(page)
    def route(
        request: HttpRequest, advertiser: uuid.UUID, *args: Extra.args, **kwargs: Extra.kwargs
    ) -> HttpResponseBase:
        desk = find_desk(request, advertiser)
        if not allows(desk):
            raise PermissionDenied
        return page(request, desk, *args, **kwargs)

    return login_required(route)  # type: ignore[return-value]


def find_desk(request: HttpRequest, advertiser: uuid.UUID) -> Desk:
    """Return the person's desk at this advertiser, or raise Http404."""
    membership = (
        Membership.objects.filter(member_id=request.user.pk, advertiser__public_id=advertiser)
        .select_related("advertiser")
        .first()
    )
    if membership is None:
        raise Http404
    return Desk(advertiser=membership.advertiser, role=membership.role)
