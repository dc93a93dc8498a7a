"""Database connections have timeouts, which a URL can override."""

import psycopg
import pytest
from django.db import connection

from config.database import parse_database_url


def test_every_connection_has_timeouts() -> None:
    options = parse_database_url("postgresql://ada:secret@db.example:5433/market")["OPTIONS"]
    assert (options["connect_timeout"], options["tcp_user_timeout"], options["keepalives"]) == (3, 5_000, 1)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://ada@db.example/market?connect_timeout=9&sslmode=require", "db.example"),
        ("postgresql://ada@%2Frun%2Fpostgresql/market?connect_timeout=9&sslmode=require", "/run/postgresql"),
    ],
)
def test_options_in_the_url_take_precedence(url: str, host: str) -> None:
    database = parse_database_url(url)
    assert (database["HOST"], database["NAME"]) == (host, "market")
    assert database["OPTIONS"] | {"connect_timeout": 9, "sslmode": "require"} == database["OPTIONS"]
    assert database["OPTIONS"]["tcp_user_timeout"] == 5_000


@pytest.mark.django_db
def test_the_timeouts_reach_libpq() -> None:
    connection.ensure_connection()
    known = connection.connection
    assert isinstance(known, psycopg.Connection)
    assert (
        known.info.get_parameters().items() >= {"tcp_user_timeout": "5000", "keepalives_idle": "10"}.items()
    )
