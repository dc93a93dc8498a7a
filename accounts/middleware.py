"""Every visitor is somebody: a guest key on each request, without touching the database."""

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from accounts.guests import greet, keep_guest

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


class GuestMiddleware:
    """Reads the guest cookie before the view and sets it after a page view that came without one."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        if self.is_async:
            return self._answer_later(request)
        greet(request)
        answer = cast(HttpResponseBase, self.get_response(request))
        keep_guest(request, answer)
        return answer

    async def _answer_later(self, request: HttpRequest) -> HttpResponseBase:
        greet(request)
        answer = await cast(Awaitable[HttpResponseBase], self.get_response(request))
        keep_guest(request, answer)
        return answer
