"""A language model provider on loopback: real HTTP, three wire formats, scripted answers and faults.

The model name selects the answer: a script added under that name, or one of `say:TEXT` (this text),
`tokens:COUNT@RATE` (COUNT tokens, RATE a second, 0 for no delay), `stamps:COUNT@RATE` (words that encode when
they were sent), `stamps:COUNT@RATE!FAULT@INDEX` (with a fault at that piece) and, with `--data`,
`replay:MODEL` (MODEL's recorded answer to the same prompt). It runs in a thread (`with ProviderServer() as
server: ...`) or as a process (`python -m testing.provider.server --port 9000`).
"""

import argparse
import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, Self, cast

import uvloop
from aiohttp import web

from testing.provider.timestamps import timestamp_word
from testing.provider.wire_formats import WIRES, Wire

Fault = Literal["", "error", "stall", "cut", "end", "malformed", "huge_line"]


@dataclass(frozen=True, slots=True)
class Script:
    """The answer to a request; `fault` happens in place of piece number `fault_at`."""

    pieces: tuple[str, ...] = ()
    delay_s: float = 0.0
    first_delay_s: float = 0.0
    status: int = 200
    error: str = "server_error"
    retry_after: str = ""
    fault: Fault = ""
    fault_at: int = 0
    finish: str = "stop"
    has_usage: bool = True
    usage: tuple[Any, Any] | None = None
    thoughts: tuple[str, ...] = ()
    splits_bytes: bool = False
    content_type: str = "text/event-stream"
    fails_first: int = 0
    is_stamped: bool = False
    headers: tuple[tuple[str, str], ...] = ()


def say(text: str, **changes: Any) -> Script:
    """Return a script that streams `text` in small pieces, whitespace kept."""
    return replace(Script(pieces=tuple(re.findall(r"\s*\S{1,6}|\s+", text))), **changes)


def count_up(words: str, times: int) -> str:
    """Return a long text that is no loop: the words again and again, each time with the next number.

    The number stands before the full stop: one that begins a sentence only counts the copies of a loop.
    """
    stem = words.rstrip(".!?")
    return " ".join(f"{stem} {number}{words[len(stem) :]}" for number in range(1, times + 1))


@dataclass(slots=True)
class ReceivedRequest:
    """A request as the server received it, and the progress of its answer."""

    path: str
    model: str
    body: dict[str, Any]
    headers: Mapping[str, str]
    pieces_sent: int = 0
    is_cancelled: bool = False
    is_done: bool = False
    started_at: float = field(default_factory=time.monotonic)
    ended_at: float = 0.0

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages that were sent, in the wire's format."""
        return list(self.body.get("messages") or self.body.get("contents") or [])


@dataclass(slots=True)
class ProviderServer:
    """The server; any thread may add scripts and read `seen` while it runs."""

    port: int = 0
    scripts: dict[str, Script] = field(default_factory=dict)
    seen: list[ReceivedRequest] = field(default_factory=list)
    find_script: Callable[[str, str], Script | None] = lambda _model, _prompt: None
    keeps_seen: bool = True
    listed: list[dict[str, Any]] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _calls: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        started = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(started.set,), name="provider-server", daemon=True
        )
        self._thread.start()
        if not started.wait(10):
            raise RuntimeError("the provider server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(10)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    def add(self, name: str, script: Script) -> str:
        """Answer requests for the model `name` with `script`; return the name."""
        self.scripts[name] = script
        return name

    def requests_for(self, model: str) -> list[ReceivedRequest]:
        """Return the requests received for a model, in order."""
        return [request for request in list(self.seen) if request.model == model]

    def wait_until(self, condition: Callable[[], bool], within_s: float = 5.0) -> bool:
        """Block until the condition holds; return False if it does not in time."""
        ends = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > ends:
                return False
            time.sleep(0.01)
        return True

    def serve_forever(self, on_start: Callable[[str], object]) -> None:
        """Serve on this thread with uvloop until the process ends; `on_start` gets the URL."""
        self._loop = uvloop.new_event_loop()
        self._run(lambda: on_start(self.url))

    def make_app(self) -> web.Application:
        """Return the web application, for callers that run it themselves."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/healthz", _healthz)
        app.router.add_get("/v1/models", self._list_models)
        for wire in WIRES:
            app.router.add_post(wire.route, self._make_endpoint(wire))
        return app

    def _run(self, on_start: Callable[[], object]) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(
            self.make_app(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", self.port, backlog=1024)
        self._loop.run_until_complete(site.start())
        self.port = runner.addresses[0][1]
        on_start()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _list_models(self, _: web.Request) -> web.Response:
        scripted = [{"id": name} for name in self.scripts]
        return web.json_response({"object": "list", "data": [*scripted, *self.listed]})

    def _make_endpoint(self, wire: type[Wire]) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.StreamResponse:
            body = await request.json()
            model = str(body.get("model") or request.match_info.get("model", ""))
            seen = ReceivedRequest(request.path, model, body, dict(request.headers))
            if self.keeps_seen:
                self.seen.append(seen)
            script = self._pick(model, wire.last_prompt(body))
            try:
                return await _send_script(request, script, wire(model, body), seen)
            except asyncio.CancelledError:
                seen.is_cancelled = True
                raise
            finally:
                seen.ended_at = time.monotonic()

        return answer

    def _pick(self, model: str, prompt: str) -> Script:
        script = self.scripts.get(model) or self.find_script(model, prompt) or _parse_model_name(model)
        if script is None:
            return Script(status=404, error="model_not_found")
        calls = self._calls[model] = self._calls.get(model, 0) + 1
        if script.fails_first:
            healthy = replace(script, status=200)
            return script if calls <= script.fails_first else healthy
        return script


def _parse_model_name(model: str) -> Script | None:
    kind, _, rest = model.partition(":")
    if kind == "say":
        return say(rest)
    if match := re.fullmatch(r"(\d+)(?:@([\d.]+))?(?:!(\w+)@(\d+))?", rest):
        rate = float(match[2] or 0)
        paced = Script(pieces=_words(int(match[1])), delay_s=1 / rate if rate else 0.0)
        if kind == "tokens":
            return paced
        if kind == "stamps":
            fault, fault_at = cast("Fault", match[3] or ""), int(match[4] or 0)
            return replace(paced, is_stamped=True, fault=fault, fault_at=fault_at)
    return None


def _words(count: int) -> tuple[str, ...]:
    return tuple(f" w{number}" for number in range(count))


async def _healthz(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _send_script(
    request: web.Request, script: Script, wire: Wire, seen: ReceivedRequest
) -> web.StreamResponse:
    wire.has_usage, wire.usage = script.has_usage, script.usage
    await asyncio.sleep(script.first_delay_s)
    if script.status != 200:
        headers = {"Retry-After": script.retry_after} if script.retry_after else {}
        return web.json_response(
            wire.error_body(script.status, script.error), status=script.status, headers=headers
        )
    if not wire.is_streaming:
        seen.is_done = True
        return web.json_response(
            wire.complete_response("".join(script.pieces), script.finish, len(script.pieces))
        )
    headers = {"Content-Type": script.content_type, "Cache-Control": "no-cache", **dict(script.headers)}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    try:
        for lines, is_piece in _frames(script, wire):
            if is_piece and seen.pieces_sent:
                await asyncio.sleep(script.delay_s)
            if is_piece and script.is_stamped:
                lines = wire.text(timestamp_word(seen.pieces_sent))
            await _send(response, lines, script.splits_bytes)
            seen.pieces_sent += is_piece
        if script.fault in ("stall", "cut") and _reaches_fault(script):
            await _break_off(request, script.fault)
        await response.write_eof()
    except ConnectionResetError:
        seen.is_cancelled = True
        raise
    seen.is_done = True
    return response


def _reaches_fault(script: Script) -> bool:
    return script.fault_at <= len(script.pieces)


def _frames(script: Script, wire: Wire) -> Iterator[tuple[bytes, bool]]:
    """Yield the bytes to send and whether they are a piece of text; end early at most faults."""
    yield wire.open(), False
    for thought in script.thoughts:
        yield wire.reasoning(thought), False
    for number, piece in enumerate(script.pieces):
        if script.fault and number == script.fault_at:
            yield _fault(script.fault, wire), False
            if script.fault not in ("malformed", "huge_line"):
                return
        yield wire.text(piece), True
    if script.fault and script.fault_at >= len(script.pieces):
        yield _fault(script.fault, wire), False
        return
    yield wire.close(script.finish, len(script.pieces) if script.has_usage else None), False


def _fault(fault: Fault, wire: Wire) -> bytes:
    if fault == "error":
        return wire.error_event("the model failed")
    if fault == "malformed":
        return b'data: {"id": "x", "choices": [{"del\n\n'
    if fault == "huge_line":
        return wire.text("x" * 1_000_000)
    return b""


async def _send(response: web.StreamResponse, frame: bytes, splits_bytes: bool) -> None:
    if not splits_bytes:
        if frame:
            await response.write(frame)
        return
    # Chunks of five bytes split Hangul syllables (three bytes) and JSON tokens.
    for start in range(0, len(frame), 5):
        await response.write(frame[start : start + 5])
        await asyncio.sleep(0)


async def _break_off(request: web.Request, fault: str) -> None:
    if fault == "stall":
        await asyncio.sleep(3600)
    await asyncio.sleep(0.05)
    if request.transport is not None:
        request.transport.close()
    await asyncio.sleep(0.05)


def main() -> None:
    """Serve until interrupted, for benches and for manual tests of the site."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--data", default="", help="folder of recorded answers, for replay:MODEL")
    parser.add_argument("--korean", action="store_true", help="list the models of the Korean set")
    parser.add_argument("--rate", type=float, default=40.0, help="tokens a second in a replay")
    options = parser.parse_args()
    server = ProviderServer(port=options.port, keeps_seen=False)
    if options.data:
        from testing.provider.recordings import Recordings

        read = Recordings.read_korean if options.korean else Recordings.read
        recordings = read(options.data, rate=options.rate)
        server.find_script, server.listed = recordings.find_script, recordings.list_models()
    server.serve_forever(partial(print, flush=True))


if __name__ == "__main__":
    main()
