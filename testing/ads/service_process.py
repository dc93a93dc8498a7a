"""The ad service in a process of its own, with the restricted database role only."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from django.conf import settings

from stack.processes import find_free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
# The owner's database address is unreachable, so every query of the process uses its own role.
UNREACHABLE_DATABASE = "postgresql://owner:unknown@127.0.0.1:1/nowhere"


class ServiceProcess:
    """`manage.py ad_service`; `log` is the path of its output."""

    def __init__(self, folder: Path, database_url: str, **environment: str) -> None:
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "ad_service.log"
        self._environment = {
            **os.environ,
            "JJAMPPONG_HOME": str(folder),
            "DATABASE_URL": UNREACHABLE_DATABASE,
            "REDIS_URL": settings.REDIS_URL,
            "ADS_DATABASE_URL": database_url,
            "ADS_TOKEN_KEY": settings.ADS_TOKEN_KEY,
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if self.start().poll() is not None:
            raise RuntimeError(self.log.read_text(encoding="utf-8"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the process and wait until it listens or exits."""
        words = [sys.executable, "manage.py", "ad_service", "--port", str(self.port)]
        with self.log.open("ab") as log:
            process = subprocess.Popen(words, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
        self._process = process
        end = time.monotonic() + START_SECONDS
        while process.poll() is None and not self._listens() and time.monotonic() < end:
            time.sleep(0.05)
        return process

    def kill(self) -> None:
        """Kill the process with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def suspend(self) -> None:
        """Suspend the process: its port stays open and does not answer."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume the process."""
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        time.sleep(0.05)

    def _listens(self) -> bool:
        return "ad market on" in self.log.read_text(encoding="utf-8") and _can_connect(self.port)


def _can_connect(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def url_of(database: dict[str, object]) -> str:
    """Return the URL of a database from its Django settings."""
    user, password = quote(str(database["USER"])), quote(str(database["PASSWORD"]))
    return f"postgresql://{user}:{password}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
