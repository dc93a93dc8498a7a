"""A database after long use, filled by SQL, and latencies on it: a child process of the row `growth`.

`fill COUNT` makes conversations of one turn in the database of DATABASE_URL; `histories COUNT LONG SHORT`
makes conversations of one user with that many turns and prints their ids; `time` prints medians of the
sidebar, of opening a conversation and of a new turn.
"""

import json
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

CONVERSATIONS_PER_OWNER = 1_000
TIMES = 200
LONG_TURNS = 500
OWNERS = """
insert into accounts_user (username, email, is_active {more_names})
select 'grower' || n, 'grower' || n || '@example.com', true {more_values}
from generate_series(1, %(owners)s) n
"""
CONVERSATIONS = """
insert into aggregator_conversation
  (public_id, owner_id, title, system_prompt, given_history, origin, is_sensitive, created_at, updated_at)
select gen_random_uuid(), owner.id, 'conversation ' || n, '', '[]', 'page', false,
  now() - (n || ' minutes')::interval, now() - (n || ' minutes')::interval
from generate_series(1, %(each)s) n
  cross join (select id from accounts_user where username like 'grower%%') owner
"""
TURNS = """
insert into aggregator_turn ({names})
select {values} from (select id as conversation, created_at as at from aggregator_conversation {where}) held
  cross join generate_series(1, %(turns)s) n
"""
# Each turn of a long conversation follows the one before it.
PARENTS = """
update aggregator_turn turn set parent_id = earlier.id from aggregator_turn earlier
where earlier.conversation_id = turn.conversation_id and earlier.number = turn.number - 1
"""
TURN_VALUES = {
    "public_id": "gen_random_uuid()",
    "conversation_id": "held.conversation",
    "number": "n",
    "prompt": "'what about number ' || n || repeat(', and what else is there to know', 5)",
    "answer_text": "'this is answer ' || n || repeat(', and more is to be said of it', 12)",
    "answer_kind": "'winner'",
    "status": "'done'",
    "opened_at": "held.at - interval '2 days'",
    "closed_at": "held.at - interval '2 days'",
    "language": "'en'",
    "strategy": "'best'",
    "attempt": "1",
}
DEFAULT_VALUES = {
    "jsonb": "'[]'",
    "boolean": "false",
    "character varying": "''",
    "text": "''",
    "uuid": "gen_random_uuid()",
    "timestamp with time zone": "now()",
}


def main() -> None:
    """Run the command of the arguments."""
    import django

    django.setup()
    work: dict[str, Callable[..., Any]] = {"fill": fill, "histories": make_histories, "time": time_all}
    print(json.dumps(work[sys.argv[1]](*map(int, sys.argv[2:]))))


def fill(conversations: int) -> int:
    """Make conversations of one turn, 1,000 for each user, one of which is long."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        names, values = _fill_required_columns("accounts_user", OWNERS)
        owners = OWNERS.format(more_names=names, more_values=values)
        cursor.execute(owners, {"owners": max(1, conversations // CONVERSATIONS_PER_OWNER)})
        cursor.execute(CONVERSATIONS, {"each": min(CONVERSATIONS_PER_OWNER, conversations)})
        cursor.execute(_turns(""), {"turns": 1})
        cursor.execute("update aggregator_conversation set title = 'long' where id % 1000 = 500")
        cursor.execute(
            "delete from aggregator_turn where conversation_id in "
            "(select id from aggregator_conversation where title = 'long')"
        )
        long = (
            "where id in (select id from aggregator_conversation where title = 'long' order by id limit 10)"
        )
        cursor.execute(_turns(long), {"turns": LONG_TURNS})
        cursor.execute(PARENTS)
        cursor.execute("vacuum analyze")
    return conversations


def make_histories(count: int, turns: int, short_turns: int) -> dict[str, list[str]]:
    """Give the first user `count` long and `count` short conversations; return their ids."""
    from django.db import connection

    from accounts.models import User
    from aggregator.models import Conversation

    owner = User.objects.order_by("pk")[0]
    made = {}
    for title, length in (("long", turns), ("short", short_turns)):
        rows = [
            Conversation(owner=owner, title=title, updated_at="2026-01-01T00:00:00Z") for _ in range(count)
        ]
        Conversation.objects.bulk_create(rows)
        with connection.cursor() as cursor:
            cursor.execute(_turns(f"where title = '{title}'"), {"turns": length})
            cursor.execute(PARENTS)
        made[title] = [str(row.public_id) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    return made


def _turns(where: str) -> str:
    rest_names, rest_values = _fill_required_columns("aggregator_turn", " ".join(TURN_VALUES))
    names, values = ", ".join(TURN_VALUES), ", ".join(TURN_VALUES.values())
    return TURNS.format(names=names + rest_names, values=values + rest_values, where=where)


def _fill_required_columns(table: str, known: str) -> tuple[str, str]:
    """Return the required columns of a table that `known` does not name, and default values for them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select column_name, data_type from information_schema.columns where table_name = %s and "
            "is_nullable = 'NO' and column_default is null and is_identity = 'NO'",
            [table],
        )
        rest = [
            (name, DEFAULT_VALUES.get(kind, "0"))
            for name, kind in cursor.fetchall()
            if name not in known.split()
        ]
    rest = [(name, value) for name, value in rest if f"{name}," not in known and f"{name} " not in known]
    return "".join(f", {name}" for name, _ in rest), "".join(f", {value}" for _, value in rest)


def time_all() -> dict[str, float]:
    """Return the medians of three actions in milliseconds, over several users."""
    from accounts.models import User
    from aggregator.models import Conversation, Turn
    from aggregator.selectors import conversations as selectors
    from aggregator.selectors.branches import TURNS_SHOWN, find_leaf, list_branch
    from aggregator.services import turns as services
    from aggregator.services.turns import TurnRequest

    growers = User.objects.filter(username__startswith="grower")
    users = list(growers.order_by("pk")[:10])
    long = list(Conversation.objects.filter(title="long").order_by("pk")[: len(users)])
    opened: list[int] = []

    def open_long(number: int) -> None:
        held = long[number % len(long)]
        found = selectors.find_conversation(held.owner, held.public_id)
        if found is None or len(list_branch(find_leaf(found))) != TURNS_SHOWN:
            raise RuntimeError("the long conversation is missing")

    def insert(number: int) -> None:
        request = TurnRequest("what now?", client_id=uuid.uuid4())
        opened.append(services.open_turn(owner=users[number % len(users)], request=request).pk)

    figures = {
        "sidebar": _median(lambda number: selectors.list_conversations(users[number % len(users)])),
        "open": _median(open_long),
        "insert": _median(insert),
    }
    Conversation.objects.filter(turns__in=opened).delete()
    Turn.objects.filter(pk__in=opened).delete()
    return figures


def _median(work: Callable[[int], object]) -> float:
    durations_ms = []
    for number in range(TIMES + 20):
        began = time.perf_counter()
        work(number)
        durations_ms.append(1e3 * (time.perf_counter() - began))
    return statistics.median(durations_ms[20:])


if __name__ == "__main__":
    main()
