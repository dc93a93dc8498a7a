"""Peers that need a virtual environment of their own, made on demand in a cache folder and kept there."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

from stack.processes import Program, find_free_port, spawn

CACHE = Path.home() / ".cache" / "jjamppong" / "peers"
READY_SECONDS = 180.0
PIP_ENVIRONMENT = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONNOUSERSITE": "1"}


@dataclass(frozen=True, slots=True)
class PeerPackage:
    """What to install, in this order: a package that would bring along far more than is used goes first."""

    name: str
    packages: tuple[str, ...]
    command: str


PROXY = PeerPackage("litellm-proxy", ("litellm[proxy]==1.108.4",), "litellm")
# Without the plain build of torch first, open-webui brings several gigabytes for graphics cards.
OPEN_WEBUI = PeerPackage("open-webui", ("torch==2.13.0", "open-webui==0.12.4"), "open-webui")


def install(recipe: PeerPackage, folder: Path) -> Path:
    """Return the peer's program, installed first when it is not there; raises CalledProcessError."""
    home = folder / recipe.name
    program = home / "bin" / recipe.command
    done = home / "installed"
    wanted = "\n".join(recipe.packages)
    if program.exists() and done.exists() and done.read_text(encoding="utf-8") == wanted:
        return program
    print(f"installing {recipe.packages[-1]} into {home}; this may take minutes", file=sys.stderr)
    environment = {**os.environ, **PIP_ENVIRONMENT}
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    for package in recipe.packages:
        words = [str(home / "bin" / "pip"), "install", "--quiet", package]
        subprocess.run(words, check=True, env=environment, stdout=sys.stderr)
    done.write_text(wanted, encoding="utf-8")
    return program


class PeerProcess:
    """A peer's server on a free port, ready when it answers, kept on one processor."""

    def __init__(self, words: tuple[str, ...], home: Path, ready: str, environment: dict[str, str]) -> None:
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        log = home / "log"
        home.mkdir(parents=True, exist_ok=True)
        plain = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        variables = {**plain, "HOME": str(home), **environment}
        command = (*words, "--host", "127.0.0.1", "--port", str(self.port))
        self.process = spawn(Program(command, log=log, folder=home, environment=variables))
        ends = time.monotonic() + READY_SECONDS
        while not _answers(self.url + ready):
            if self.process.poll() is not None or time.monotonic() > ends:
                self.close()
                raise RuntimeError(f"{words[0]} does not start: {log.read_text(errors='replace')[-500:]}")
            time.sleep(0.2)

    def pin(self, core: int) -> None:
        """Keep it, and the threads it has, on one processor."""
        for process in self._tree():
            for thread in process.threads():
                os.sched_setaffinity(thread.id, {core})

    def cpu_seconds(self) -> float:
        """Return the processor time of the whole process tree."""
        times = [process.cpu_times() for process in self._tree()]
        return sum(each.user + each.system for each in times)

    def memory_bytes(self) -> int:
        """Return the resident memory of the whole process tree."""
        return sum(process.memory_info().rss for process in self._tree())

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()

    def _tree(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:  # noqa: S310 - an address of our own
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False
