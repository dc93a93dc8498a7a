"""A pytest plugin that gives a test session its own PostgreSQL and Valkey before the settings are read.

It is loaded by `-p` in pyproject.toml, as pytest-django imports the settings before any conftest.py. Under
xdist the controller starts the servers and its workers inherit their addresses.
"""

import os

import pytest

from testing.stores import Stores


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the servers, or take a Redis database of its own in a worker of xdist."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        server = os.environ["REDIS_URL"].rsplit("/", 1)[0]
        os.environ["REDIS_URL"] = f"{server}/{int(worker.removeprefix('gw')) + 1}"
        return
    # The settings read nothing else of the caller's environment.
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_FILE"))]:
        del os.environ[name]
    os.environ |= {"DATABASE_POOL": "no", "ADS_TEST_MONEY": "yes"}
    stores = Stores("jjamppong-test-", is_durable=False)
    early_config.add_cleanup(stores.stop)
    stores.start()
