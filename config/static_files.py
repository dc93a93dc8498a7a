"""WhiteNoise for ASGI.

Its middleware is sync only: Django would run every request behind it in a thread until the view returns, and
would read a streamed file whole, with a warning.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from whitenoise.compress import Compressor
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

ResponseOrAwaitable = HttpResponseBase | Awaitable[HttpResponseBase]


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise's middleware in both variants, sync and async."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], ResponseOrAwaitable]) -> None:
        super().__init__(get_response)
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> ResponseOrAwaitable:
        if self.is_async:
            return self._call_async(request)
        return cast(HttpResponseBase, super().__call__(request))

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        if self.autorefresh or request.path_info in self.files:
            found = await asyncio.to_thread(self._read, request)
            if found is not None:
                return found
        return await cast(Awaitable[HttpResponseBase], self.get_response(request))

    def _read(self, request: HttpRequest) -> HttpResponse | None:
        file = self.find_file(request.path_info) if self.autorefresh else self.files[request.path_info]
        if file is None:
            return None
        with contextlib.closing(self.serve(file, request)) as streamed:
            body = b"".join(streamed)
            return HttpResponse(body, status=streamed.status_code, headers=dict(streamed.headers))


class StaticFilesCompressor(Compressor):  # type: ignore[misc]
    """WhiteNoise's compressor without brotli for .wasm, which would take a minute of each build."""

    def compress(self, path: str) -> list[str]:
        """Write the compressed variants of a file and return their paths."""
        if path.endswith(".wasm"):
            return cast(list[str], Compressor(use_brotli=False, quiet=True).compress(path))
        return cast(list[str], super().compress(path))


class StaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Static files with a content hash in their name, and compressed variants."""

    def create_compressor(self, **kwargs: object) -> StaticFilesCompressor:
        """Return the compressor of collectstatic."""
        return StaticFilesCompressor(**kwargs)
