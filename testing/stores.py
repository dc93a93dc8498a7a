"""A PostgreSQL and a Valkey in a temporary folder, for one test session or one bench."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testing.servers import StandalonePostgres, StandaloneValkey

PASSWORD = "unguarded"


class Stores:
    """Both servers and their folder; durable ones flush to disk, as in production."""

    def __init__(self, prefix: str, *, is_durable: bool) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
        self.folder = Path(self._temporary.name)
        self.postgres = StandalonePostgres(self.folder, password=PASSWORD, is_durable=is_durable)
        self.valkey = StandaloneValkey(self.folder / "valkey", password=PASSWORD, is_durable=False)

    def start(self) -> None:
        """Start both and put their addresses into the environment, where the settings read them."""
        os.environ |= {
            "JJAMPPONG_HOME": str(self.folder),
            "DATABASE_URL": self.postgres.start(),
            "REDIS_URL": self.valkey.start(),
        }

    def stop(self) -> None:
        """Stop both and delete their data."""
        self.valkey.stop()
        self.postgres.stop()
        self.postgres.remove()
        self._temporary.cleanup()


@contextmanager
def run_temporary_stores(**environment: str) -> Iterator[Stores]:
    """Run durable stores, with Django set up on them and all migrations applied."""
    if "config.data_dir" in sys.modules:
        raise RuntimeError("config was imported before the stores and uses another data directory")
    stores = Stores("jjamppong-bench-", is_durable=True)
    try:
        stores.start()
        os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", **environment}
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        yield stores
        connections.close_all()
    finally:
        stores.stop()
