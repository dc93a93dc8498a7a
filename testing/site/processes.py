"""A whole site in child processes: stores, web, worker and a provider, on free ports."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Self

import psutil

from config.data_dir import ROOT
from stack.children import clear_heartbeat, postgres_child, valkey_child, web_child, worker_child
from stack.processes import Program, find_free_port, spawn, stop
from stack.supervisor import Child
from testing.process_tree import pin_tree, tree_cpu_seconds
from testing.servers import StandalonePostgres, StandaloneValkey
from testing.stores import PASSWORD

READY_SECONDS = 120.0


class Site:
    """The processes, each of which can be killed and restarted by name."""

    def __init__(self, *, runner: str = "worker", **settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="jjamppong-site-", ignore_cleanup_errors=True)
        self.data_dir = Path(self._folder.name)
        self.postgres = StandalonePostgres(self.data_dir, password=PASSWORD)
        self.valkey = StandaloneValkey(self.data_dir / "valkey", password=PASSWORD)
        self.runner = runner
        self.port = find_free_port()
        self.provider_port = find_free_port()
        self.settings = settings
        self.children: dict[str, Child] = {}
        self.environment: dict[str, str] = {}
        self.cookies: list[str] = []

    def __enter__(self) -> Self:
        try:
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(list(self.children)):
            child = self.children[name]
            if child.process:
                stop(child.process, child.stop_signal, seconds=child.stop_seconds)
        self.postgres.remove()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    def _start_all(self) -> None:
        (self.data_dir / "run").mkdir()
        self._start(postgres_child(self.postgres))
        self._start(valkey_child(self.valkey))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")},
            "JJAMPPONG_HOME": str(self.data_dir),
            # The bench creates sessions that the web process must be able to read.
            "SECRET_KEY": "of-a-bench-" + "x" * 50,
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "TURN_RUNNER": self.runner,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **self.settings,
        }
        os.environ |= self.environment
        self._start(self._provider())
        self._run("migrate", "--verbosity", "0")
        self._start(web_child(self.data_dir, "127.0.0.1", self.port, self.environment))
        if self.runner == "worker":
            self._start(worker_child(self.data_dir, self.environment))

    def add_machine(self) -> str:
        """Start one more web process and worker on the same stores; returns the base URL."""
        number = sum(name.startswith("web") for name in self.children) + 1
        home, port = self.data_dir / f"machine-{number}", find_free_port()
        (home / "run").mkdir(parents=True, exist_ok=True)
        environment = {**self.environment, "JJAMPPONG_HOME": str(home)}
        web = web_child(home, "127.0.0.1", port, environment)
        worker = worker_child(home, environment, is_scheduler=False)
        for child in (web, worker):
            child.name = f"{child.name}-{number}"
            self._start(child)
        return f"http://127.0.0.1:{port}"

    def remove_machine(self) -> None:
        """Stop the web process and the worker that were started last."""
        for _ in range(2):
            _, child = self.children.popitem()
            if child.process:
                stop(child.process, child.stop_signal, seconds=child.stop_seconds)

    def fill(self, users: int, models: dict[str, list[str]], provider: str) -> None:
        """Create users and models in the site's database, in a child process with its settings."""
        named = {slug_of(prefix): names for prefix, names in models.items()}
        request = json.dumps({"users": users, "models": named, "provider": provider})
        command = [sys.executable, "-m", "testing.site.seed", request]
        process = subprocess.run(command, check=True, env=self.environment, cwd=ROOT, capture_output=True)
        self.cookies = json.loads(process.stdout.splitlines()[-1])

    def offer(self, model: str | None) -> None:
        """Switch on the listings of one model and no others, or all of them for None."""
        request = json.dumps({"offer": slug_of(model) if model else ""})
        command = [sys.executable, "-m", "testing.site.seed", request]
        subprocess.run(command, check=True, env=self.environment, cwd=ROOT, capture_output=True)

    def limit_calls(self, model: str, calls: int) -> None:
        """Have a model serve at most so many calls at once."""
        request = json.dumps({"limit": slug_of(model), "calls": calls})
        command = [sys.executable, "-m", "testing.site.seed", request]
        subprocess.run(command, check=True, env=self.environment, cwd=ROOT, capture_output=True)

    def panel(self, model: str, slots: int) -> list[str]:
        """Return the slugs of a model's listings that `fill` created, one for each panel slot."""
        return [f"{slug_of(model)}-{slot}" for slot in range(slots)]

    def _provider(self) -> Child:
        words = (sys.executable, "-m", "testing.provider.server", "--port", str(self.provider_port))
        log = self.data_dir / "provider.log"
        return Child(
            name="provider",
            start=lambda: spawn(Program(words, log=log, folder=ROOT, environment=self.environment)),
            is_ready=lambda: log.exists() and "http" in log.read_text(encoding="utf-8"),
            log=log,
        )

    def _run(self, *words: str) -> None:
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        subprocess.run(command, check=True, env=self.environment, cwd=ROOT)

    def _start(self, child: Child) -> None:
        self.children[child.name] = child
        self.restart(child.name)

    def restart(self, name: str) -> None:
        """Start a part and wait until it serves; a part that exits meanwhile is started again."""
        child = self.children[name]
        ends = time.monotonic() + READY_SECONDS
        child.process = child.start()
        while not _succeeds(child.is_ready):
            if child.process.poll() is not None:
                time.sleep(0.3)
                child.process = child.start()
            if time.monotonic() > ends:
                raise RuntimeError(f"{name} does not start; see {child.log}")
            time.sleep(0.05)

    def kill(self, name: str) -> None:
        """Kill a part with SIGKILL."""
        process = self.children[name].process
        if process is None:
            return
        if name == "worker":
            self._forget_heartbeat()
        process.send_signal(signal.SIGKILL)
        process.wait()

    def _forget_heartbeat(self) -> None:
        # Else the restarted worker would count as ready by the heartbeat of the old one.
        _succeeds(partial(clear_heartbeat, self.valkey.url))

    def cpu_seconds(self, *names: str) -> float:
        """Return the processor time of parts with all their children."""
        return sum(
            tree_cpu_seconds(child.process.pid) for name in names if (child := self.children[name]).process
        )

    def pin(self, core: int, *names: str) -> None:
        """Bind parts with all their children to one processor."""
        for name in names:
            if process := self.children[name].process:
                pin_tree(process.pid, core)

    def memory_bytes(self, name: str) -> int:
        """Return the resident memory of a part without its children."""
        process = self.children[name].process
        return int(psutil.Process(process.pid).memory_info().rss) if process else 0


def slug_of(name: str) -> str:
    """Return a slug for a model's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def _succeeds(check: Callable[[], Any]) -> bool:
    try:
        return bool(check())
    except Exception:  # noqa: BLE001 - a part that is down may fail in any way
        return False
