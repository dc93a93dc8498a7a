"""Statements outside the ORM are transactional, and raise Django's errors."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from django.db import DatabaseError, IntegrityError, OperationalError, connection
from django.test import override_settings

from accounts.models import User
from aggregator.infra.async_database import (
    APPLICATION_NAME,
    Connection,
    Reply,
    close_database,
    in_transaction,
)
from aggregator.infra.concurrency import retry_db_async, run_in_db_thread
from aggregator.models import Conversation

pytestmark = pytest.mark.django_db(transaction=True)
RENAME = "UPDATE aggregator_conversation SET title = %(title)s"
ADD = (
    "INSERT INTO aggregator_conversation (owner_id, title, public_id, system_prompt, given_history, origin, "
    "is_sensitive, created_at, updated_at) VALUES (%(owner)s, %(title)s, %(id)s, '', '[]', 'page', false, "
    "now(), now()) RETURNING id"
)
BREAK_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = %s"
)


async def nothing() -> None:
    """Return no result."""


@pytest.fixture
def conversation(ada: User) -> Conversation:
    """A conversation of Ada's."""
    return Conversation.objects.create(owner=ada, title="old", updated_at=ada.date_joined)


@pytest_asyncio.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    """Close the connections of the test's loop."""
    yield
    await close_database()


async def rename(connection: Connection) -> Reply[None]:
    """Rename all conversations."""
    await connection.execute(RENAME, {"title": "new"})
    return nothing


def count_transactions() -> int:
    """Return the number of transactions that stored the existing conversations."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM aggregator_conversation")
        return int(cursor.fetchone()[0])


async def title_of(conversation: Conversation) -> str:
    """Return its stored title."""
    await run_in_db_thread(conversation.refresh_from_db)
    return conversation.title


async def test_a_transaction_is_committed(conversation: Conversation) -> None:
    await in_transaction(rename)
    assert await title_of(conversation) == "new"


async def test_an_error_rolls_the_transaction_back(conversation: Conversation) -> None:
    async def rename_and_fail(connection: Connection) -> Reply[None]:
        await rename(connection)
        raise ValueError("in between")

    with pytest.raises(ValueError, match="in between"):
        await in_transaction(rename_and_fail)
    assert await title_of(conversation) == "old"


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("INSERT INTO aggregator_conversation SELECT * FROM aggregator_conversation", IntegrityError),
        ("SELECT 1 / 0", DatabaseError),
    ],
)
async def test_a_failed_statement_raises_django_s_error_and_rolls_back(
    conversation: Conversation, statement: str, kind: type[Exception]
) -> None:
    async def rename_and_break(connection: Connection) -> Reply[None]:
        await connection.execute(statement)
        return await rename(connection)

    with pytest.raises(kind):
        await in_transaction(rename_and_break)
    assert await title_of(conversation) == "old"
    await in_transaction(rename)
    assert await title_of(conversation) == "new"


async def test_only_the_failed_call_of_a_shared_transaction_is_lost(ada: User) -> None:
    async def add(number: int, connection: Connection) -> Reply[int]:
        given = {"owner": ada.pk, "title": str(number), "id": uuid.UUID(int=number % 50)}
        cursor = await connection.execute(ADD, given)

        async def read() -> int:
            return int((await cursor.fetchone() or [0])[0])

        return read

    results = await asyncio.gather(
        *(in_transaction(partial(add, number)) for number in range(51)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, IntegrityError)]
    assert len(refused) == 1
    assert await run_in_db_thread(Conversation.objects.count) == 50
    assert await run_in_db_thread(count_transactions) < 40


@override_settings(DATABASE_LOOP_POOL_SIZE=1)
async def test_a_call_that_arrives_as_another_ends_uses_the_same_connection(
    conversation: Conversation,
) -> None:
    async def rename_often() -> None:
        for _ in range(10):
            await in_transaction(rename)

    async with asyncio.timeout(20):
        await asyncio.gather(*(rename_often() for _ in range(3)))


@override_settings(DATABASE_LOOP_POOL_SIZE=1)
async def test_calls_of_a_shared_transaction_are_sorted_by_their_order(conversation: Conversation) -> None:
    sent: list[int] = []

    async def note(order: int, connection: Connection) -> Reply[None]:
        sent.append(order)
        return await rename(connection)

    # The first is on its way, alone, before the others come.
    await asyncio.gather(*(in_transaction(partial(note, order), order=order) for order in (9, 7, 0, 7, 2)))
    assert sorted(sent) == [0, 2, 7, 7, 9]
    assert sent[-4:] == sorted(sent[-4:])


async def test_cancelling_the_caller_does_not_cancel_the_transaction(conversation: Conversation) -> None:
    has_begun = asyncio.Event()

    async def rename_slowly(connection: Connection) -> Reply[None]:
        has_begun.set()
        await connection.execute("SELECT pg_sleep(0.2)")
        return await rename(connection)

    waiting = asyncio.create_task(in_transaction(rename_slowly))
    await has_begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    for _ in range(400):
        if await title_of(conversation) == "new":
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it was never written")


async def test_lost_connections_are_replaced(conversation: Conversation) -> None:
    await asyncio.gather(*(in_transaction(rename) for _ in range(4)))

    def hang_up() -> None:
        with connection.cursor() as cursor:
            cursor.execute(BREAK_ALL, [APPLICATION_NAME])

    await run_in_db_thread(hang_up)
    with pytest.raises(OperationalError):
        await in_transaction(rename)
    await retry_db_async(5, lambda: in_transaction(rename))
