"""No process waits for a database that answers no more, and what an address says itself holds."""

import psycopg
import pytest
from django.db import connection

from config.database import parse_database_url


def test_every_connection_has_deadlines() -> None:
    options = parse_database_url("postgresql://ada:secret@db.example:5433/market")["OPTIONS"]
    assert (options["connect_timeout"], options["tcp_user_timeout"], options["keepalives"]) == (3, 5_000, 1)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://ada@db.example/market?connect_timeout=9&sslmode=require", "db.example"),
        ("postgresql://ada@%2Frun%2Fpostgresql/market?connect_timeout=9&sslmode=require", "/run/postgresql"),
    ],
)
def test_what_an_address_says_itself_holds(url: str, host: str) -> None:
    database = parse_database_url(url)
    assert (database["HOST"], database["NAME"]) == (host, "market")
    assert database["OPTIONS"] | {"connect_timeout": 9, "sslmode": "require"} == database["OPTIONS"]
    assert database["OPTIONS"]["tcp_user_timeout"] == 5_000


@pytest.mark.django_db
def test_the_deadlines_reach_the_server_s_own_library() -> None:
    connection.ensure_connection()
    known = connection.connection
    assert isinstance(known, psycopg.Connection)
    assert (
        known.info.get_parameters().items() >= {"tcp_user_timeout": "5000", "keepalives_idle": "10"}.items()
    )
