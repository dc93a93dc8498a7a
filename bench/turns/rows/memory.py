"""Memory of an idle page, of the web process, and of a worker after many streams."""

import asyncio
import sys

import psutil

from bench.report import Goal
from bench.turns.harness import Harness
from bench.turns.measurement import Measurement, ratio_goal
from bench.turns.units.litellm_unit import LitellmUnit
from bench.turns.units.peers import PeerProcess
from bench.turns.units.websocket_client import WebSocketClient
from config.data_dir import ROOT

SETTLE_SECONDS = 3.0
UVICORN = ("--loop", "uvloop", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false")


async def measure_sockets(harness: Harness) -> Measurement:
    """Kilobytes per idle signed-in page, beside a bare ASGI application on the same server."""
    count = harness.plan.idle_sockets
    ours = await harness.site("worker")
    web = ours.site.children["web"].process
    weight = await _measure_socket_kb(ours.site.url, "/ws/", ours.site.cookies, count, web.pid if web else 0)
    words = (sys.executable, "-m", "uvicorn", "bench.turns.units.bare_asgi:application", *UVICORN)
    bare = await asyncio.to_thread(
        PeerProcess, (*words, "--no-access-log"), harness.data_dir / "bare", "/", {"PYTHONPATH": str(ROOT)}
    )
    try:
        floor = await _measure_socket_kb(bare.url, "/", [""], count, bare.process.pid)
    finally:
        bare.close()
    name = "memory per idle signed-in socket / bare ASGI socket"
    figures = {"kB per idle socket": {"ours": weight, "bare": floor}, "sockets": 2 * count}
    return Measurement([ratio_goal(name, weight, floor, 1.6, 1.3)], figures)


async def _measure_socket_kb(url: str, path: str, cookies: list[str], count: int, pid: int) -> float:
    # The first half fills memory that the process had reserved already.
    process, sockets, weights = psutil.Process(pid), list[WebSocketClient](), list[int]()
    for _ in range(2):
        for number in range(count):
            cookie = cookies[number % len(cookies)]
            sockets.append(await WebSocketClient.connect(url, path, cookie, lambda _: None))
        await asyncio.sleep(SETTLE_SECONDS)
        weights.append(process.memory_info().rss)
    await asyncio.gather(*(socket.close() for socket in sockets))
    return (weights[1] - weights[0]) / 1e3 / count


async def measure_memory(harness: Harness) -> Measurement:
    """Megabytes of the web process, and of a worker and of acompletion after 256 concurrent streams."""
    load, ours, alone = harness.plan.streams, await harness.site("worker"), await harness.unit("litellm")
    await harness.run(ours, load)
    measured = await harness.run(alone, load) if alone else None
    web, worker = (ours.site.memory_bytes(part) / 1e6 for part in ("web", "worker"))
    theirs = alone.memory_bytes / 1e6 if isinstance(alone, LitellmUnit) and measured else None
    figures = {
        "MB": {"web": web, "worker": worker, "acompletion": theirs},
        "streams": load.chats * load.panel_size,
    }
    goals = [
        Goal("web process memory, MB", web, 150.0, 100.0),
        ratio_goal("worker memory after 256 streams / acompletion's", worker, theirs, 0.6, 0.4),
    ]
    return Measurement(goals, figures)
