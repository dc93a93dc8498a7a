import pytest
from django.db import connection
from redis import Redis


@pytest.mark.django_db
def test_the_database_is_a_supported_postgresql_with_pgvector() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
        cursor.execute(
            "SELECT '[1,2]'::vector <-> '[1,3]'::vector, current_setting('server_version_num')::int"
        )
        distance, version = cursor.fetchone()
    assert distance == 1
    assert int(version) >= 160000


def test_the_valkey_of_the_test_session_starts_empty(valkey: "Redis") -> None:
    assert valkey.dbsize() == 0
