"""A PostgreSQL and a Valkey of a bench's own, and the settings that find them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack.servers.postgres import Postgres
from stack.servers.valkey import Valkey


@dataclass(frozen=True, slots=True)
class Stores:
    """What runs, and a folder for what a bench writes; all of it is gone in the end."""

    folder: Path
    postgres: Postgres


@contextmanager
def run_temporary_stores(**environment: str) -> Iterator[Stores]:
    """Start both, set Django up on them with all tables made, and remove everything in the end.

    As in production, what is kept is flushed to the disk.
    """
    with tempfile.TemporaryDirectory(prefix="jjamppong-bench-", ignore_cleanup_errors=True) as folder:
        postgres = Postgres(Path(folder), password="unguarded", is_durable=True)
        valkey = Valkey(Path(folder) / "valkey", password="unguarded", is_durable=False)
        try:
            os.environ |= {
                "JJAMPPONG_HOME": folder,
                "DATABASE_URL": postgres.start(),
                "REDIS_URL": valkey.start(),
                "DJANGO_SETTINGS_MODULE": "config.settings",
                **environment,
            }
            import django

            django.setup()
            from django.core.management import call_command
            from django.db import connections

            call_command("migrate", verbosity=0)
            yield Stores(Path(folder), postgres)
            connections.close_all()
        finally:
            valkey.stop()
            postgres.stop()
            postgres.remove()
