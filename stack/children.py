"""The parts of the stack as children: what runs, when it is ready and how it is asked to end."""

import http.client
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import redis

from config.data_dir import ROOT
from config.monitoring.heartbeat import HEARTBEAT_KEY as HEARTBEAT_KEY
from stack.processes import Program, spawn
from stack.servers.local_models import LocalModel
from stack.servers.postgres import Postgres
from stack.servers.valkey import Valkey
from stack.supervisor import Child

WORKER_THREADS = 32
DRAIN_SECONDS = 8
# They end in the reverse of this order.
POSTGRES, VALKEY, MODEL, WORKER, WEB = range(5)


def postgres_child(postgres: Postgres) -> Child:
    """Return the embedded database."""
    return Child(
        name="postgres",
        start=postgres.launch,
        is_ready=postgres.is_ready,
        rank=POSTGRES,
        stop_signal=signal.SIGINT,
        stop_seconds=60,
        log=postgres.log,
    )


def valkey_child(valkey: Valkey) -> Child:
    """Return the embedded Valkey."""
    return Child(
        name="valkey",
        start=valkey.launch,
        is_ready=valkey.is_ready,
        rank=VALKEY,
        stop_seconds=20,
        log=valkey.log,
    )


def model_child(model: LocalModel) -> Child:
    """Return the server of one local model."""
    return Child(
        name=model.slug, start=model.start, is_ready=model.answers, rank=MODEL, stop_seconds=3, log=model.log
    )


def worker_child(data_dir: Path, environment: Mapping[str, str]) -> Child:
    """Return the one Celery worker of a one-machine installation, beat included."""
    schedule = data_dir / "run" / "beat-schedule"
    pool = ("-P", "threads", "-c", str(WORKER_THREADS), "-B", "-s", str(schedule))
    arguments = ("-A", "config.celery", "worker", *pool, "--without-gossip", "--without-mingle")
    log = data_dir / "logs" / "worker.log"
    program = Program(
        (sys.executable, "-m", "celery", *arguments), log=log, folder=ROOT, environment=environment
    )
    return Child(
        name="worker",
        start=lambda: spawn(program),
        is_ready=lambda: has_heartbeat(environment["REDIS_URL"]),
        rank=WORKER,
        stop_seconds=20,
        log=log,
    )


def web_child(data_dir: Path, host: str, port: int, environment: Mapping[str, str]) -> Child:
    """Return the ASGI server."""
    arguments = ("config.asgi:application", "--host", host, "--port", str(port), "--loop", "uvloop")
    # Frames are small and already batched: compressing each costs more time than it saves.
    socket = ("--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--no-access-log")
    drain = ("--timeout-graceful-shutdown", str(DRAIN_SECONDS))
    log = data_dir / "logs" / "web.log"
    program = Program(
        (sys.executable, "-m", "uvicorn", *arguments, *socket, *drain),
        log=log,
        folder=ROOT,
        environment=environment,
    )
    return Child(
        name="web",
        start=lambda: spawn(program),
        is_ready=lambda: is_web_ready(host, port),
        rank=WEB,
        # One that runs turns itself lets them go on, as TURN_DRAIN_SECONDS says, after its pages have left.
        stop_seconds=DRAIN_SECONDS + 16,
        log=log,
    )


def clear_heartbeat(redis_url: str) -> None:
    """Take away the sign of life that the worker of an earlier start may have left."""
    with redis.Redis.from_url(redis_url) as client:
        client.delete(HEARTBEAT_KEY)


def has_heartbeat(redis_url: str) -> bool:
    """Tell whether the worker has given a sign of life."""
    with redis.Redis.from_url(redis_url) as client:
        return bool(client.exists(HEARTBEAT_KEY))


def is_web_ready(host: str, port: int) -> bool:
    """Tell whether the site answers, whatever it says."""
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=2)  # noqa: S104
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
