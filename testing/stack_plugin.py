"""Give a test session its own PostgreSQL and Valkey before anything reads the settings.

Loaded by `-p` in pyproject.toml: pytest-django imports the settings before any conftest.py. Under xdist
the controller starts the servers and its workers inherit their addresses.
"""

import os
import tempfile
from pathlib import Path

import pytest

from stack.servers.postgres import Postgres
from stack.servers.valkey import Valkey


class SessionStores:
    """The servers of one test session and the folder that goes with them."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="jjamppong-test-", ignore_cleanup_errors=True)
        home = Path(self.folder.name)
        self.postgres = Postgres(home, password="unguarded", is_durable=False)
        self.valkey = Valkey(home / "valkey", password="unguarded", is_durable=False)

    def start(self) -> None:
        """Start both and tell the settings, which read nothing else of the caller's environment."""
        for name in [name for name in os.environ if name.endswith(("_API_KEY", "_FILE"))]:
            del os.environ[name]
        os.environ |= {
            "JJAMPPONG_HOME": self.folder.name,
            "DATABASE_URL": self.postgres.start(),
            "REDIS_URL": self.valkey.start(),
            "DATABASE_POOL": "no",
            "ADS_TEST_MONEY": "yes",
        }

    def stop(self) -> None:
        """End the servers and delete what they kept."""
        self.valkey.stop()
        self.postgres.stop()
        self.postgres.remove()
        self.folder.cleanup()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the servers; a worker of xdist takes a Redis database of its own on those of its controller."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        server = os.environ["REDIS_URL"].rsplit("/", 1)[0]
        os.environ["REDIS_URL"] = f"{server}/{int(worker.removeprefix('gw')) + 1}"
        return
    session = SessionStores()
    early_config.add_cleanup(session.stop)
    session.start()
