import fcntl
from collections.abc import Iterator

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django import Settings

from ads.selection.serving.serve import thread_random

ROLE = "jjamppong_ads_test"
# With this seed none of the first 187 auctions is an exploration.
SEED = 2603


@pytest.fixture(autouse=True)
def fixed_seed() -> None:
    """Fix the random seed: one auction in twenty would be an exploration."""
    thread_random().bit_generator.state = np.random.default_rng(SEED).bit_generator.state


@pytest.fixture
def role(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """The ad service's database role, created as an installation creates it."""
    # Roles belong to the database cluster, which all test processes share.
    with (tmp_path_factory.getbasetemp().parent / "role.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield from _made_role(settings)


def _made_role(settings: Settings) -> Iterator[dict[str, object]]:
    before = dict(connections.settings["default"])
    settings.ADS_DATABASE = {
        "HOST": before["HOST"],
        "PORT": before["PORT"],
        "NAME": before["NAME"],
        "USER": ROLE,
        "PASSWORD": "a'secret",
    }
    call_command("grant_ads_role", verbosity=0)
    call_command("grant_ads_role", verbosity=0)
    yield settings.ADS_DATABASE
    connections.close_all()
    chosen = connections.settings["default"]
    chosen.clear()
    chosen |= before
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {ROLE}")
        cursor.execute(f"DROP ROLE {ROLE}")
