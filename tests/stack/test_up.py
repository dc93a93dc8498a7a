"""The whole site as one command: it comes up, it ends, it is killed, it comes back."""

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
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from stack.processes import find_free_port
from stack.servers.postgres import choose_folder

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 180

pytestmark = pytest.mark.timeout(400)


class Site:
    """One `manage.py up` of a home."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.port = find_free_port()
        self.log = home / f"up-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=make_environment(home) | {"PORT": str(self.port)} | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def words(self) -> str:
        """What it has said."""
        return self.log.read_text(encoding="utf-8")

    @property
    def only_line(self) -> str:
        """All that it has said, which is one line."""
        assert self.words.count("\n") == 1, self.words
        return self.words

    def wait_until_up(self) -> list[psutil.Process]:
        """Wait for the last line of the start; return the children."""
        wait_for(lambda: "Ctrl-C" in self.words or self.process.poll() is not None)
        assert self.process.poll() is None, self.words
        return psutil.Process(self.process.pid).children(recursive=True)

    def read_health(self) -> tuple[int, dict[str, object]]:
        """Ask /healthz."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


def find_living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run; one that nobody has buried yet does not."""
    living = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
    return living


def make_environment(home: Path) -> dict[str, str]:
    """Return what a stranger's shell has, and a home of its own."""
    without = {"DATABASE_URL", "REDIS_URL", "DATABASE_POOL"}
    inherited = {name: value for name, value in os.environ.items() if name not in without}
    return inherited | {"JJAMPPONG_HOME": str(home), "LOCAL_MODELS": "none"}


def wait_for(done: Callable[[], object]) -> None:
    """Wait until something is so, but not for ever."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


def find_data(home: Path) -> Path:
    """Return where the database of this home keeps its data."""
    return choose_folder(home, (home / "secrets" / "database").read_text(encoding="ascii").strip())


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    if (tmp_path / "secrets" / "database").exists():
        shutil.rmtree(find_data(tmp_path), ignore_errors=True)


def test_the_site_comes_up_ends_is_killed_and_comes_back(home: Path) -> None:
    check_an_orderly_life(home)
    check_nothing_outlives_a_killed_start(home)
    check_the_next_start_recovers(home)


def check_an_orderly_life(home: Path) -> None:
    site = Site(home)
    try:
        children = site.wait_until_up()
        status, health = site.read_health()
        assert (status, health["database"], health["redis"], health["worker"]) == (200, "ok", "ok", "ok")
        check_a_second_start_is_refused(home, site)
        check_the_password_is_nobody_elses(home, site)
    finally:
        site.process.send_signal(signal.SIGTERM)
    assert site.process.wait(PATIENCE_SECONDS) == 0
    assert find_living(children) == []
    assert not (home / "run" / "stack.json").exists()


def check_a_second_start_is_refused(home: Path, site: Site) -> None:
    second = Site(home)
    assert second.process.wait(PATIENCE_SECONDS) == 1
    assert str(site.process.pid) in second.only_line
    assert "JJAMPPONG_HOME" in second.only_line


def check_the_password_is_nobody_elses(home: Path, site: Site) -> None:
    path = home / "secrets" / "admin"
    password = path.read_text(encoding="ascii")
    assert path.stat().st_mode & 0o077 == 0
    assert password in site.words
    logs = [path.read_text(encoding="utf-8", errors="replace") for path in (home / "logs").iterdir()]
    assert not any(password in log for log in logs)


def check_nothing_outlives_a_killed_start(home: Path) -> None:
    site = Site(home)
    children = site.wait_until_up()
    site.process.kill()
    site.process.wait()
    wait_for(lambda: find_living(children) == [])
    assert (home / "run" / "stack.json").exists()


def check_the_next_start_recovers(home: Path) -> None:
    site = Site(home)
    try:
        site.wait_until_up()
    finally:
        site.process.send_signal(signal.SIGINT)
    assert site.process.wait(PATIENCE_SECONDS) == 0


def test_a_taken_port_is_one_line_that_says_what_to_do(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        site = Site(home, PORT=str(port))
        assert site.process.wait(PATIENCE_SECONDS) == 1
    assert f"PORT={port + 1}" in site.only_line


def test_a_replay_without_recordings_is_one_line(home: Path) -> None:
    site = Site(home, REPLAY="1", REPLAY_DATA=str(home))
    assert site.process.wait(PATIENCE_SECONDS) == 1
    assert "REPLAY_DATA" in site.only_line


def test_a_database_that_does_not_answer_is_one_line(home: Path) -> None:
    site = Site(home, DATABASE_URL=f"postgresql://ada:secret@127.0.0.1:{find_free_port()}/soup")
    assert site.process.wait(PATIENCE_SECONDS) == 1
    assert "DATABASE_URL" in site.only_line
    assert "secret" not in site.words


def test_a_command_on_its_own_brings_a_database_and_takes_it_away(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--plan"],
        cwd=ROOT,
        env=make_environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "accounts.0001_initial" in done.stdout
    assert "postgres" in done.stderr
    data = str(find_data(home))
    assert not any(
        data in " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    )


def test_a_command_on_its_own_runs_its_turns_itself(home: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "shell",
            "-c",
            "from django.conf import settings; print(settings.TURN_RUNNER, settings.ADS_TEST_MONEY)",
        ],
        cwd=ROOT,
        env=make_environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    # Its market is that of a first start, which tries itself out with test money.
    assert done.stdout.split()[-2:] == ["here", "True"]
