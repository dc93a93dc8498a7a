"""`manage.py up`: the whole site from one command, and an end that leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.data_dir import DATA_DIR, ROOT, read_secret
from config.env import MAX_PORT, SettingError, read_int, read_text
from stack.children import clear_heartbeat, model_child, postgres_child, valkey_child, web_child, worker_child
from stack.errors import StackError
from stack.parent_death_signal import die_with_parent
from stack.preflight import check_database, check_port, check_redis
from stack.processes import Program, last_line, spawn, stop
from stack.progress import Console
from stack.run_state import RunState, lock_data_dir
from stack.servers.local_models import LocalModel, LocalModels
from stack.servers.postgres import Postgres
from stack.servers.replay import REPLAY_PANEL_SIZE, find_replay
from stack.servers.valkey import Valkey
from stack.shutdown import StopRequested, handle_stop_signals, ignore_stop_signals
from stack.supervisor import Child, Supervisor

TICK_SECONDS = 0.05
STORE_SECONDS = 120
SITE_SECONDS = 120
JOB_SECONDS = 5
MIN_MODELS = 2


class Stack:
    """Everything that one command starts, and what its children need to find each other."""

    def __init__(self, data_dir: Path, console: Console) -> None:
        self.data_dir = data_dir
        self.console = console
        self.addresses = RunState()
        self.supervisor = Supervisor(console, self.addresses, lambda: self.addresses.write(data_dir))
        self.models = LocalModels(data_dir, console)
        self.replay = find_replay(data_dir)
        self.jobs: list[subprocess.Popen[bytes]] = []
        # Turns run on the worker: pages stay quick, and provider keys and litellm out of the web role.
        # Nobody pays on a first start, so its market tries itself out with test money.
        usual = {"TURN_RUNNER": "worker", "ADS_TEST_MONEY": "yes"}
        self.environment = usual | dict(os.environ) | {"JJAMPPONG_HOME": str(data_dir)}
        if self.replay:
            self.environment = {"PANEL_SIZE": REPLAY_PANEL_SIZE} | self.environment | self.replay.environment

    def start_stores(self) -> None:
        """Start the database and Valkey, or check those that the environment names."""
        database, redis = read_text("DATABASE_URL"), read_text("REDIS_URL")
        if database:
            with self.console.step("PostgreSQL of DATABASE_URL"):
                check_database(database)
        else:
            postgres = Postgres(self.data_dir, password=read_secret("database"))
            self.start(postgres_child(postgres), seconds=STORE_SECONDS)
            database = postgres.url
        if redis:
            with self.console.step("Redis of REDIS_URL"):
                check_redis(redis)
        else:
            log = self.data_dir / "logs" / "valkey.log"
            valkey = Valkey(self.data_dir / "valkey", password=read_secret("valkey"), log=log)
            self.start(valkey_child(valkey), seconds=STORE_SECONDS)
            redis = valkey.url
        self.environment |= {"DATABASE_URL": database, "REDIS_URL": redis}
        self.addresses.database, self.addresses.redis = database, redis
        self.addresses.write(self.data_dir)

    def start_models(self) -> None:
        """Begin to fetch and load the local models; each answers when it can. A replay is there at once."""
        if self.replay:
            self.start(self.replay.child(), seconds=STORE_SECONDS)
        self.models.fetch()

    def prepare(self, *words: str) -> None:
        """Bring tables, files and first rows up to date, in a process of its own."""
        process = self._run("prepare", *words, models=self.models.available_urls)
        self.tick_until(lambda: process.poll() is not None)
        if process.returncode != 0:
            raise StackError("the installation could not be prepared; the reason is above")

    def start(self, child: Child, *, seconds: float) -> None:
        """Start a child and return once it is ready; raise what it said when it ends instead."""
        end = time.monotonic() + seconds
        self.supervisor.add(child)
        self.tick_until(lambda: child.ready or child.deaths > 0 or time.monotonic() > end)
        if not child.ready:
            raise StackError(
                f"{child.name} does not start: {last_line(child.log)} (all of it is in {child.log})"
            )

    def tick_until(self, done: Callable[[], bool]) -> None:
        """Look after the children until something is done."""
        while True:
            for model in self.models.take_loaded():
                self._start_model(model)
            self.supervisor.tick()
            if done():
                return
            time.sleep(TICK_SECONDS)

    def has_enough_models(self) -> bool:
        """Tell whether a turn would have a choice of models, or as much of one as there will be."""
        known = len(self.addresses.models) + len(self.models.missing)
        return known >= min(MIN_MODELS, len(self.models.models))

    def has_all_models(self) -> bool:
        """Tell whether every model answers that will."""
        return len(self.addresses.models) + len(self.models.missing) >= len(self.models.models)

    def _start_model(self, model: LocalModel) -> None:
        child = model_child(model)
        child.on_ready = lambda: self._note_model(model)
        self.supervisor.add(child)

    def _note_model(self, model: LocalModel) -> None:
        self.addresses.models[model.slug] = model.url
        self.addresses.write(self.data_dir)
        if self.addresses.site:
            self._run("sync_listings", models=self.addresses.models)

    def _run(self, *words: str, models: dict[str, str]) -> subprocess.Popen[bytes]:
        urls = ",".join(f"{slug}={url}" for slug, url in models.items())
        environment = self.environment | {"LOCAL_MODEL_URLS": urls, "LOG_LEVEL": "WARNING"}
        command = (sys.executable, str(ROOT / "manage.py"), *words)
        job = spawn(Program(command, log=self.console.stream, folder=ROOT, environment=environment))
        self.jobs = [*(old for old in self.jobs if old.poll() is None), job]
        return job

    def stop(self) -> None:
        """End everything, what needs the stores before the stores."""
        for job in self.jobs:
            stop(job, signal.SIGTERM, seconds=JOB_SECONDS)
        self.supervisor.stop()


def main() -> int:
    """Run the site until it is told to end; return the exit code."""
    console = Console()
    if "MAKELEVEL" in os.environ:
        # Started by make: whoever kills make, by -9 even, means the site.
        die_with_parent(signal.SIGTERM)
    try:
        with handle_stop_signals(), lock_data_dir(DATA_DIR):
            run(console)
    except (StackError, SettingError) as error:
        console.show_bar("")
        console.say(f"  ✗ {error}")
        return 1
    except StopRequested:
        console.show_bar("")
        console.say("  ✓ stopped")
    return 0


def run(console: Console) -> None:
    """Start everything, say where it is, and look after it."""
    began = time.monotonic()
    host, port = read_text("HOST", "127.0.0.1"), read_int("PORT", 8000, minimum=1, maximum=MAX_PORT)
    check_port(host, port)
    stack = Stack(DATA_DIR, console)
    try:
        stack.start_stores()
        stack.start_models()
        stack.prepare("--demo")
        clear_heartbeat(stack.addresses.redis)
        stack.start(web_child(DATA_DIR, host, port, stack.environment), seconds=SITE_SECONDS)
        stack.addresses.site = f"http://{'localhost' if host in {'127.0.0.1', '0.0.0.0'} else host}:{port}"  # noqa: S104
        stack.addresses.write(DATA_DIR)
        # After the site, whose first page would otherwise wait for a processor.
        stack.start(worker_child(DATA_DIR, stack.environment), seconds=SITE_SECONDS)
        stack.tick_until(stack.has_enough_models)
        print_addresses(stack, time.monotonic() - began)
        stack.tick_until(lambda: False)
    finally:
        ignore_stop_signals()
        if stack.supervisor.children:
            console.say("  … stopping")
        stack.stop()


def print_addresses(stack: Stack, seconds: float) -> None:
    """Say where the site is and how to get in."""
    lines = [f"  짬뽕 is at {stack.addresses.site}  ({seconds:.1f} s)"]
    for label, name in (("admin", "admin"), ("API key", "api_key")):
        path = DATA_DIR / "secrets" / name
        if path.exists():
            secret = path.read_text(encoding="ascii").strip()
            how = f"{stack.addresses.site}/admin/  admin  {secret}" if name == "admin" else secret
            lines.append(f"  {label:<8} {how}")
    if not stack.addresses.models and stack.models.models:
        lines.append("  No local model answers; the reasons are above.")
    if stack.replay:
        lines += ["  Recorded models answer these, and nothing else:"]
        lines += [f"    {prompt}" for prompt in stack.replay.read_prompts()]
    rule = "─" * 72
    stack.console.say("\n".join([rule, *lines, "  Ctrl-C ends everything.", rule]))
