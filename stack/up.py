"""`manage.py up`: start the whole site, supervise it, and stop it without leaving processes behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.data_dir import DATA_DIR, ROOT, read_secret
from config.env import SettingError
from config.launch import LaunchSettings, read_launch_settings
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
STORE_TIMEOUT_SECONDS = 120
SITE_TIMEOUT_SECONDS = 120
JOB_STOP_SECONDS = 5
MIN_MODELS = 2


class Stack:
    """The child processes of one installation, and the environment by which they find each other."""

    def __init__(self, data_dir: Path, launch: LaunchSettings, console: Console) -> None:
        self.data_dir = data_dir
        self.launch = launch
        self.console = console
        self.run_state = RunState()
        self.supervisor = Supervisor(console, self.run_state, lambda: self.run_state.write(data_dir))
        self.models = LocalModels(launch.local_models, data_dir, console)
        self.replay = find_replay(launch.replay_data, data_dir)
        self.jobs: list[subprocess.Popen[bytes]] = []
        # The models that the last update of the listings knew.
        self._listed: frozenset[str] = frozenset()
        # Turns run on the worker: the web role stays responsive and needs neither litellm nor provider keys.
        # Test money, as a new installation has no paying advertisers.
        defaults = {"TURN_RUNNER": "worker", "ADS_TEST_MONEY": "yes"}
        self.environment = defaults | dict(os.environ) | {"JJAMPPONG_HOME": str(data_dir)}
        if self.replay:
            self.environment = {"PANEL_SIZE": REPLAY_PANEL_SIZE} | self.environment | self.replay.environment

    def start_stores(self) -> None:
        """Start embedded stores, or check those that the environment names."""
        database, redis = self.launch.database_url, self.launch.redis_url
        if database:
            with self.console.step("PostgreSQL of DATABASE_URL"):
                check_database(database)
        else:
            postgres = Postgres(self.data_dir, password=read_secret("database"))
            self.start(postgres_child(postgres), seconds=STORE_TIMEOUT_SECONDS)
            database = postgres.url
        if redis:
            with self.console.step("Redis of REDIS_URL"):
                check_redis(redis)
        else:
            log = self.data_dir / "logs" / "valkey.log"
            valkey = Valkey(self.data_dir / "valkey", password=read_secret("valkey"), log=log)
            self.start(valkey_child(valkey), seconds=STORE_TIMEOUT_SECONDS)
            redis = valkey.url
        self.environment |= {"DATABASE_URL": database, "REDIS_URL": redis}
        self.run_state.database, self.run_state.redis = database, redis
        self.run_state.write(self.data_dir)

    def start_models(self) -> None:
        """Start the replay server, if any, and download and load local models in the background."""
        if self.replay:
            self.start(self.replay.child(), seconds=STORE_TIMEOUT_SECONDS)
        self.models.fetch()

    def prepare(self, *options: str) -> None:
        """Run `manage.py prepare` in a child process: migrations, static files, first rows."""
        models = self.models.available_urls
        self._listed = frozenset(models)
        process = self._run("prepare", *options, models=models)
        self.tick_until(lambda: process.poll() is not None)
        if process.returncode != 0:
            raise StackError("the installation could not be prepared; the reason is above")

    def start(self, child: Child, *, seconds: float) -> None:
        """Start a child and wait until it is ready; raise StackError with its last log line when it exits."""
        deadline = time.monotonic() + seconds
        self.supervisor.add(child)
        self.tick_until(lambda: child.ready or child.exits > 0 or time.monotonic() > deadline)
        if not child.ready:
            raise StackError(
                f"{child.name} does not start: {last_line(child.log)} (all of it is in {child.log})"
            )

    def tick_until(self, is_done: Callable[[], bool]) -> None:
        """Supervise the children until the condition holds."""
        while True:
            for model in self.models.take_downloaded():
                self._start_model(model)
            self.supervisor.tick()
            if is_done():
                return
            time.sleep(TICK_SECONDS)

    def open_site(self, site: str) -> None:
        """Note the address of the site, and offer the models that became ready since it was prepared."""
        self.run_state.site = site
        self.run_state.write(self.data_dir)
        if not self._listed.issuperset(self.run_state.models):
            self._list_models()

    def has_enough_models(self) -> bool:
        """Return whether at least MIN_MODELS are ready, not counting those that failed."""
        settled = len(self.run_state.models) + len(self.models.failed)
        return settled >= min(MIN_MODELS, len(self.models.models))

    def has_all_models(self) -> bool:
        """Return whether every model is ready or has failed."""
        return len(self.run_state.models) + len(self.models.failed) >= len(self.models.models)

    def _start_model(self, model: LocalModel) -> None:
        child = model_child(model)
        child.on_ready = lambda: self._publish_model(model)
        self.supervisor.add(child)

    def _publish_model(self, model: LocalModel) -> None:
        self.run_state.models[model.slug] = model.url
        self.run_state.write(self.data_dir)
        if self.run_state.site:
            self._list_models()

    def _list_models(self) -> None:
        self._listed = frozenset(self.run_state.models)
        self._run("sync_listings", models=self.run_state.models)

    def _run(self, *arguments: str, models: dict[str, str]) -> subprocess.Popen[bytes]:
        urls = ",".join(f"{slug}={url}" for slug, url in models.items())
        environment = self.environment | {"LOCAL_MODEL_URLS": urls, "LOG_LEVEL": "WARNING"}
        command = (sys.executable, str(ROOT / "manage.py"), *arguments)
        job = spawn(Program(command, log=self.console.stream, folder=ROOT, environment=environment))
        self.jobs = [*(old for old in self.jobs if old.poll() is None), job]
        return job

    def stop(self) -> None:
        """Stop all jobs and children, the stores last."""
        for job in self.jobs:
            stop(job, signal.SIGTERM, seconds=JOB_STOP_SECONDS)
        self.supervisor.stop()


def main() -> int:
    """Run the site until a stop signal; return the exit code."""
    console = Console()
    if "MAKELEVEL" in os.environ:
        # Under make, a killed make (SIGKILL included) stops the site too.
        die_with_parent(signal.SIGTERM)
    try:
        with handle_stop_signals(), lock_data_dir(DATA_DIR):
            run(console)
    except (StackError, SettingError) as error:
        console.show_bar("")
        console.write_line(f"  ✗ {error}")
        return 1
    except StopRequested:
        console.show_bar("")
        console.write_line("  ✓ stopped")
    return 0


def run(console: Console) -> None:
    """Start the site, print its URLs, and supervise it."""
    started_at = time.monotonic()
    launch = read_launch_settings()
    host, port = launch.host, launch.port
    check_port(host, port)
    stack = Stack(DATA_DIR, launch, console)
    try:
        stack.start_stores()
        stack.start_models()
        stack.prepare("--demo")
        clear_heartbeat(stack.run_state.redis)
        stack.start(web_child(DATA_DIR, host, port, stack.environment), seconds=SITE_TIMEOUT_SECONDS)
        stack.open_site(f"http://{'localhost' if host in {'127.0.0.1', '0.0.0.0'} else host}:{port}")  # noqa: S104
        # After the web process, which would otherwise compete with it for the processor.
        stack.start(worker_child(DATA_DIR, stack.environment), seconds=SITE_TIMEOUT_SECONDS)
        stack.tick_until(stack.has_enough_models)
        print_urls(stack, time.monotonic() - started_at)
        stack.tick_until(lambda: False)
    finally:
        ignore_stop_signals()
        if stack.supervisor.children:
            console.write_line("  … stopping")
        stack.stop()


def print_urls(stack: Stack, seconds: float) -> None:
    """Print the URL of the site and the first credentials."""
    lines = [f"  짬뽕 is at {stack.run_state.site}  ({seconds:.1f} s)"]
    for label, name in (("admin", "admin_login"), ("API key", "api_key")):
        path = DATA_DIR / "secrets" / name
        if path.exists():
            login = f"{stack.run_state.site}/admin/  " if label == "admin" else ""
            lines.append(f"  {label:<8} {login}{path.read_text(encoding='utf-8').strip()}")
    if not stack.run_state.models and stack.models.models:
        lines.append("  No local model answers; the reasons are above.")
    if stack.replay:
        lines += ["  Recorded models answer these, and nothing else:"]
        lines += [f"    {prompt}" for prompt in stack.replay.read_prompts()]
    rule = "─" * 72
    stack.console.write_line("\n".join([rule, *lines, "  Ctrl-C ends everything.", rule]))
