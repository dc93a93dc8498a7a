"""The child processes of the stack: command, readiness check and stop signal of each."""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import redis

from config.data_dir import ROOT
from config.monitoring.heartbeat import HEARTBEAT_KEY, has_heartbeat
from config.monitoring.http_status import read_http_status
from stack.processes import Program, spawn
from stack.servers.local_models import LocalModel
from stack.servers.postgres import Postgres
from stack.servers.valkey import Valkey
from stack.supervisor import Child

WORKER_THREADS = 32
DRAIN_SECONDS = 8
# The start order; children are stopped in the reverse order.
POSTGRES, VALKEY, MODEL, WORKER, WEB = range(5)
WEB_TIMEOUT_SECONDS = 2


def postgres_child(postgres: Postgres) -> Child:
    """Return the embedded database."""
    child = _server_child("postgres", postgres, rank=POSTGRES, stop_seconds=60)
    child.stop_signal = signal.SIGINT
    return child


def valkey_child(valkey: Valkey) -> Child:
    """Return the embedded Valkey."""
    return _server_child("valkey", valkey, rank=VALKEY, stop_seconds=20)


def model_child(model: LocalModel) -> Child:
    """Return the server of one local model."""
    return _server_child(model.slug, model, rank=MODEL, stop_seconds=3)


def _server_child(
    name: str, server: Postgres | Valkey | LocalModel, *, rank: int, stop_seconds: float
) -> Child:
    start, is_ready = server.launch, server.is_ready
    return Child(
        name=name, start=start, is_ready=is_ready, rank=rank, stop_seconds=stop_seconds, log=server.log
    )


def worker_child(data_dir: Path, environment: Mapping[str, str], *, is_scheduler: bool = True) -> Child:
    """Return a Celery worker; the scheduler of an installation embeds beat."""
    beat = ("-B", "-s", str(data_dir / "run" / "beat-schedule")) if is_scheduler else ()
    pool = ("-P", "threads", "-c", str(WORKER_THREADS), *beat)
    arguments = ("-A", "config.celery", "worker", *pool, "--without-gossip", "--without-mingle")
    log = data_dir / "logs" / "worker.log"
    program = Program(
        (sys.executable, "-m", "celery", *arguments), log=log, folder=ROOT, environment=environment
    )
    return Child(
        name="worker",
        start=lambda: spawn(program),
        is_ready=lambda: is_worker_ready(environment["REDIS_URL"]),
        rank=WORKER,
        stop_seconds=20,
        log=log,
    )


def web_child(data_dir: Path, host: str, port: int, environment: Mapping[str, str]) -> Child:
    """Return the ASGI server."""
    arguments = ("config.asgi:application", "--host", host, "--port", str(port), "--loop", "uvloop")
    # Websocket frames are small and batched; compressing each costs more time than it saves.
    socket = ("--ws", "websockets-sansio", "--ws-per-message-deflate", "false")
    # config.client_address reads the forwarded headers, and only those of our own proxies.
    plain = ("--no-proxy-headers", "--no-access-log")
    drain = ("--timeout-graceful-shutdown", str(DRAIN_SECONDS))
    log = data_dir / "logs" / "web.log"
    program = Program(
        (sys.executable, "-m", "uvicorn", *arguments, *socket, *plain, *drain),
        log=log,
        folder=ROOT,
        environment=environment,
    )
    return Child(
        name="web",
        start=lambda: spawn(program),
        is_ready=lambda: is_web_ready(host, port),
        rank=WEB,
        # With TURN_RUNNER=here the process also waits TURN_DRAIN_SECONDS for its turns after closing sockets.
        stop_seconds=DRAIN_SECONDS + 16,
        log=log,
    )


def clear_heartbeat(redis_url: str) -> None:
    """Delete the heartbeat that the worker of an earlier start may have left."""
    with redis.Redis.from_url(redis_url) as client:
        client.delete(HEARTBEAT_KEY)


def is_worker_ready(redis_url: str) -> bool:
    """Return whether a worker has sent a heartbeat."""
    with redis.Redis.from_url(redis_url) as client:
        return has_heartbeat(client)


def is_web_ready(host: str, port: int) -> bool:
    """Return whether the site responds, with whatever status."""
    local = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
    return read_http_status(local, port, "/", timeout_seconds=WEB_TIMEOUT_SECONDS) is not None
