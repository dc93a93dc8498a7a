"""The whole site on loopback: the product's ASGI application, served by a thread of the test process.

It uses the test's database, runs turns in its own event loop (TURN_RUNNER=here) and stops with the test. A
test module or conftest.py gets the fixtures by importing `live_site` and `site_application`.
"""

import asyncio
import gc
import importlib
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Self, TypeVar

import pytest
import uvicorn
from django.conf import settings
from django.test import override_settings

from aggregator.execution import runner
from testing.turns import wait_for_turns

T = TypeVar("T")
START_SECONDS = 20.0
DRAIN_SECONDS = 5.0
PLAIN_STORAGES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


class _Server(uvicorn.Server):
    """A server that reports its port."""

    def __init__(self, config: uvicorn.Config, on_port: Callable[[int], None]) -> None:
        super().__init__(config)
        self._on_port = on_port

    async def startup(self, sockets: Any = None) -> None:
        """Listen, then report the port."""
        await super().startup(sockets)
        self._on_port(self.servers[0].sockets[0].getsockname()[1])


class LiveSite:
    """The running site; `url` is its base URL."""

    def __init__(self, application: Any) -> None:
        config = uvicorn.Config(
            application,
            host="127.0.0.1",
            port=0,
            lifespan="off",
            log_config=None,
            ws="websockets-sansio",
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        self.url = ""
        self._server = _Server(config, self._set_port)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-site", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(START_SECONDS):
            raise RuntimeError("the site did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        if self._thread.is_alive():
            raise RuntimeError("the site did not stop")

    def call(self, work: Coroutine[Any, Any, T], within_s: float = 10.0) -> T:
        """Run a coroutine on the site's own loop and return what it returns."""
        if self._loop is None:
            raise RuntimeError("the site does not run")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within_s)

    def wait_for_turns(self) -> None:
        """Wait until no turn runs any more."""
        self.call(wait_for_turns())

    def _set_port(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._started.set()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve()
        await runner.drain(DRAIN_SECONDS)
        await runner.close_loop_resources()
        # Tasks that clean up after a closed page may have opened connections again.
        if leftover_tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for leftover_task in leftover_tasks:
                leftover_task.cancel()
            await asyncio.wait(leftover_tasks, timeout=DRAIN_SECONDS)
            await runner.close_loop_resources()


@pytest.fixture(scope="session")
def site_application(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The application of `config.asgi`, which serves static files from their source folders."""
    thresholds = gc.get_threshold()
    empty_folder = tmp_path_factory.mktemp("static")
    with override_settings(WHITENOISE_USE_FINDERS=True, STATIC_ROOT=empty_folder, STORAGES=PLAIN_STORAGES):
        sys.modules.pop("config.asgi", None)
        application = importlib.import_module("config.asgi").application
    # config.asgi freezes the garbage collector, which would hide leaks from the test session.
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    return application


@pytest.fixture
def live_site(site_application: Any, transactional_db: None) -> Iterator[LiveSite]:
    """The site, started for one test and stopped before its database is flushed."""
    with override_settings(STORAGES=PLAIN_STORAGES), LiveSite(site_application) as site:
        yield site
