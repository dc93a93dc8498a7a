"""The middleware of the guest cookie; it runs no query."""

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from accounts.guests import attach_guest_key, set_guest_cookie

ResponseOrAwaitable = HttpResponseBase | Awaitable[HttpResponseBase]


class GuestMiddleware:
    """Sets request.guest_key from the cookie, and the cookie after a first page view."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], ResponseOrAwaitable]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> ResponseOrAwaitable:
        if self.is_async:
            return self._call_async(request)
        attach_guest_key(request)
        response = cast(HttpResponseBase, self.get_response(request))
        set_guest_cookie(request, response)
        return response

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        attach_guest_key(request)
        response = await cast(Awaitable[HttpResponseBase], self.get_response(request))
        set_guest_cookie(request, response)
        return response
