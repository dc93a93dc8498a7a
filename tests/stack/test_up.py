"""`manage.py up`: start, orderly stop, kill, recovery, and refused starts."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import psutil
import pytest

from config.launch import read_launch_settings
from stack.processes import find_free_port
from stack.progress import Console
from stack.servers.postgres import choose_folder
from stack.up import Stack

ROOT = Path(__file__).resolve().parent.parent.parent
TIMEOUT_SECONDS = 180

pytestmark = pytest.mark.timeout(400)


class Site:
    """One `manage.py up` on a data directory."""

    def __init__(self, data_dir: Path, *, is_ignoring_interrupts: bool = False, **environment: str) -> None:
        self.data_dir = data_dir
        self.port = find_free_port()
        self.log = data_dir / f"up-{self.port}.log"
        with self.log.open("wb") as log, nullcontext() if is_ignoring_interrupts else interruptible():
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=make_environment(data_dir) | {"PORT": str(self.port)} | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        """Everything that it has written."""
        return self.log.read_text(encoding="utf-8")

    @property
    def only_line(self) -> str:
        """Its output, which must be one line."""
        assert self.output.count("\n") == 1, self.output
        return self.output

    def wait_until_up(self) -> list[psutil.Process]:
        """Wait for the last line of the start and return the child processes."""
        wait_for(lambda: "Ctrl-C" in self.output or self.process.poll() is not None)
        assert self.process.poll() is None, self.output
        return psutil.Process(self.process.pid).children(recursive=True)

    def read_health(self) -> tuple[int, dict[str, object]]:
        """Return the status and body of /healthz."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let children have SIGINT's default: in a script's background job it is ignored, which they inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def find_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return the processes that still run, without zombies."""
    running = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                running.append(process)
    return running


def make_environment(data_dir: Path) -> dict[str, str]:
    """Return the environment of an unconfigured shell with its own data directory."""
    excluded = {"DATABASE_URL", "REDIS_URL", "DATABASE_POOL"}
    inherited = {name: value for name, value in os.environ.items() if name not in excluded}
    return inherited | {"JJAMPPONG_HOME": str(data_dir), "LOCAL_MODELS": "none"}


def wait_for(is_done: Callable[[], object]) -> None:
    """Wait until the condition holds; fail after TIMEOUT_SECONDS."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while not is_done():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


def find_data(data_dir: Path) -> Path:
    """Return the folder of the embedded database."""
    return choose_folder(data_dir, (data_dir / "secrets" / "database").read_text(encoding="ascii").strip())


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    if (tmp_path / "secrets" / "database").exists():
        shutil.rmtree(find_data(tmp_path), ignore_errors=True)


def test_the_site_starts_stops_and_recovers_from_a_kill(data_dir: Path) -> None:
    check_start_and_orderly_stop(data_dir)
    check_no_child_outlives_a_kill(data_dir)
    check_the_next_start_recovers(data_dir)


def check_start_and_orderly_stop(data_dir: Path) -> None:
    site = Site(data_dir)
    try:
        children = site.wait_until_up()
        status, health = site.read_health()
        assert (status, health["database"], health["redis"], health["worker"]) == (200, "ok", "ok", "ok")
        check_a_second_start_is_refused(data_dir, site)
        check_the_password_is_private(data_dir, site)
        check_forged_addresses_lift_no_limit(site)
    finally:
        site.process.send_signal(signal.SIGTERM)
    assert site.process.wait(TIMEOUT_SECONDS) == 0
    assert find_running(children) == []
    assert not (data_dir / "run" / "stack.json").exists()


def check_a_second_start_is_refused(data_dir: Path, site: Site) -> None:
    second = Site(data_dir)
    assert second.process.wait(TIMEOUT_SECONDS) == 1
    assert str(site.process.pid) in second.only_line
    assert "JJAMPPONG_HOME" in second.only_line


def check_the_password_is_private(data_dir: Path, site: Site) -> None:
    path = data_dir / "secrets" / "admin"
    password = path.read_text(encoding="ascii")
    assert path.stat().st_mode & 0o077 == 0
    # What the admin really logs in with: the common login takes an address.
    assert f"/admin/  admin@localhost  {password}" in site.output
    logs = [path.read_text(encoding="utf-8", errors="replace") for path in (data_dir / "logs").iterdir()]
    assert not any(password in log for log in logs)


def check_forged_addresses_lift_no_limit(site: Site) -> None:
    """The server must not believe X-Forwarded-For, as it does by default of a peer on this machine."""
    token, statuses = "a" * 32, []
    for number in range(40):
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"csrftoken={token}",
            "X-Forwarded-For": f"203.0.114.{number}",
        }
        connection.request("POST", "/accounts/login/", f"csrfmiddlewaretoken={token}", headers)
        statuses.append(connection.getresponse().status)
        connection.close()
    assert statuses == [200] * 30 + [429] * 10


def check_no_child_outlives_a_kill(data_dir: Path) -> None:
    site = Site(data_dir)
    children = site.wait_until_up()
    site.process.kill()
    site.process.wait()
    wait_for(lambda: find_running(children) == [])
    assert (data_dir / "run" / "stack.json").exists()


def check_the_next_start_recovers(data_dir: Path) -> None:
    site = Site(data_dir)
    try:
        site.wait_until_up()
    finally:
        site.process.send_signal(signal.SIGINT)
    assert site.process.wait(TIMEOUT_SECONDS) == 0


def test_a_start_that_ignores_interrupts_ends_by_sigterm(data_dir: Path) -> None:
    """A script's background job ignores SIGINT, as nohup ignores SIGHUP: on purpose, not by mistake."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        site = Site(data_dir, is_ignoring_interrupts=True)
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        children = site.wait_until_up()
        site.process.send_signal(signal.SIGINT)
        time.sleep(1)
        assert site.process.poll() is None
    finally:
        site.process.send_signal(signal.SIGTERM)
    assert site.process.wait(TIMEOUT_SECONDS) == 0
    assert find_running(children) == []


def test_a_port_in_use_is_reported_in_one_line_with_a_remedy(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        site = Site(data_dir, PORT=str(port))
        assert site.process.wait(TIMEOUT_SECONDS) == 1
    assert f"PORT={port + 1}" in site.only_line


def test_a_replay_without_recordings_is_reported_in_one_line(data_dir: Path) -> None:
    site = Site(data_dir, REPLAY="1", REPLAY_DATA=str(data_dir))
    assert site.process.wait(TIMEOUT_SECONDS) == 1
    assert "REPLAY_DATA" in site.only_line


def test_an_unreachable_database_is_reported_in_one_line(data_dir: Path) -> None:
    site = Site(data_dir, DATABASE_URL=f"postgresql://ada:secret@127.0.0.1:{find_free_port()}/demo")
    assert site.process.wait(TIMEOUT_SECONDS) == 1
    assert "DATABASE_URL" in site.only_line
    assert "secret" not in site.output


def test_a_model_that_is_ready_before_the_site_is_offered_with_it(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with (tmp_path / "output").open("w", encoding="utf-8") as output:
        stack = Stack(tmp_path, read_launch_settings(), Console(output))
        stack.environment["DATABASE_URL"] = "postgresql://ada@127.0.0.1:9/demo"
        try:
            stack.open_site("http://localhost:9")
            assert stack.jobs == []
            # Its download ended while the site was being prepared, which did not list it.
            stack.run_state.models["late"] = "http://127.0.0.1:9/v1"
            stack.open_site("http://localhost:9")
            (job,) = stack.jobs
            assert "sync_listings" in str(job.args)
        finally:
            stack.stop()


def test_a_single_command_starts_and_stops_its_own_database(data_dir: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--plan"],
        cwd=ROOT,
        env=make_environment(data_dir),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "accounts.0001_initial" in done.stdout
    assert "postgres" in done.stderr
    data = str(find_data(data_dir))
    assert not any(
        data in " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    )


def test_a_single_command_runs_turns_in_its_own_process(data_dir: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "shell",
            "-c",
            "from django.conf import settings; print(settings.TURN_RUNNER, settings.ADS_TEST_MONEY)",
        ],
        cwd=ROOT,
        env=make_environment(data_dir),
        capture_output=True,
        text=True,
        check=True,
    )
    # With the defaults of `up`, among them test money.
    assert done.stdout.split()[-2:] == ["here", "True"]
