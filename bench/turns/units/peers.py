"""Peers that are installed into virtual environments of their own, in a cache folder."""

import os
import subprocess
import sys
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from config.monitoring.http_status import read_http_status
from stack.errors import StackError
from stack.processes import Program, find_free_port, spawn
from testing.process_tree import pin_tree, tree_cpu_seconds
from testing.servers import wait_until

CACHE = Path.home() / ".cache" / "jjamppong" / "peers"
READY_SECONDS = 180.0
PIP_ENVIRONMENT = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONNOUSERSITE": "1"}


@dataclass(frozen=True, slots=True)
class PeerPackage:
    """The packages to install, in this order, and the command to run."""

    name: str
    packages: tuple[str, ...]
    command: str


PROXY = PeerPackage("litellm-proxy", ("litellm[proxy]==1.108.4",), "litellm")
# Without the plain build of torch first, open-webui brings several gigabytes for graphics cards.
OPEN_WEBUI = PeerPackage("open-webui", ("torch==2.13.0", "open-webui==0.12.4"), "open-webui")


def install(recipe: PeerPackage, folder: Path) -> Path:
    """Return the peer's program, installed on first use; raises CalledProcessError."""
    environment_dir = folder / recipe.name
    program = environment_dir / "bin" / recipe.command
    done = environment_dir / "installed"
    required = "\n".join(recipe.packages)
    if program.exists() and done.exists() and done.read_text(encoding="utf-8") == required:
        return program
    print(f"installing {recipe.packages[-1]} into {environment_dir}; this may take minutes", file=sys.stderr)
    environment = {**os.environ, **PIP_ENVIRONMENT}
    subprocess.run([sys.executable, "-m", "venv", environment_dir], check=True)
    for package in recipe.packages:
        words = [str(environment_dir / "bin" / "pip"), "install", "--quiet", package]
        subprocess.run(words, check=True, env=environment, stdout=sys.stderr)
    done.write_text(required, encoding="utf-8")
    return program


class PeerProcess:
    """A peer's server on a free port, started and ready."""

    def __init__(
        self, words: tuple[str, ...], data_dir: Path, path: str, environment: dict[str, str]
    ) -> None:
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        log = data_dir / "log"
        data_dir.mkdir(parents=True, exist_ok=True)
        inherited = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        variables = {**inherited, "HOME": str(data_dir), **environment}
        command = (*words, "--host", "127.0.0.1", "--port", str(self.port))
        self.process = spawn(Program(command, log=log, folder=data_dir, environment=variables))
        try:
            wait_until(lambda: self._is_ready(path), self.process, seconds=READY_SECONDS, log=log)
        except StackError:
            self.close()
            raise

    def pin(self, core: int) -> None:
        """Bind the process tree to one processor."""
        pin_tree(self.process.pid, core)

    def cpu_seconds(self) -> float:
        """Return the processor time of the process tree."""
        return tree_cpu_seconds(self.process.pid)

    def close(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.wait()

    def _is_ready(self, path: str) -> bool:
        return read_http_status("127.0.0.1", self.port, path, timeout_seconds=2) == HTTPStatus.OK
