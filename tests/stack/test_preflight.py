import socket
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from stack.errors import StackError
from stack.preflight import check_database, check_port, check_redis
from stack.processes import find_free_port


def test_the_stores_of_the_test_session_pass_the_checks() -> None:
    check_database(settings.DATABASE_URL)
    check_redis(settings.REDIS_URL)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///demo.db", "not a PostgreSQL address"),
        ("postgresql://ada:wrong@{database}/jjamppong", "password"),
        ("postgresql://ada:secret@{valkey}/demo", "DATABASE_URL does not work"),
        ("postgresql://ada:secret@127.0.0.1:{closed}/demo", "refused"),
        ("postgresql://ada:secret@127.0.0.1:notaport/demo", "DATABASE_URL does not work"),
    ],
)
def test_a_bad_database_url_is_reported_in_one_line_without_its_password(url: str, reason: str) -> None:
    url = url.format(
        database=urlsplit(settings.DATABASE_URL).netloc.rsplit("@")[1],
        valkey=urlsplit(settings.REDIS_URL).netloc.rsplit("@")[1],
        closed=find_free_port(),
    )
    with pytest.raises(StackError, match=reason) as caught:
        check_database(url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/0", "redis://127.0.0.1:1/0", "demo"])
def test_a_bad_redis_url_is_reported_in_one_line(url: str) -> None:
    with pytest.raises(StackError, match="REDIS_URL does not work") as caught:
        check_redis(url)
    assert "\n" not in str(caught.value)


def test_a_port_in_use_is_refused_with_the_next_one_as_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=f"PORT={port + 1}"):
            check_port("127.0.0.1", port)


def test_a_port_in_time_wait_counts_as_free() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        client.connect(("127.0.0.1", port))
        accepted, _ = server.accept()
        # The side that closes first enters TIME_WAIT.
        accepted.close()
        server.close()
        check_port("127.0.0.1", port)
