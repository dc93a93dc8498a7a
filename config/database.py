"""How a process reaches a database: none is waited for that answers no more."""

from typing import Any

import dj_database_url

# A machine that vanished says nothing: it is gone when it takes up nothing for five seconds, or when a
# connection that is quiet hears nothing for some more. Over a Unix socket all but the first mean nothing.
CONNECTION_OPTIONS = {
    "connect_timeout": 3,
    "tcp_user_timeout": 5_000,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


def parse_database_url(url: str) -> dict[str, Any]:
    """Return Django's settings of the database at this address; what the address itself says holds."""
    database: dict[str, Any] = dict(dj_database_url.parse(url, conn_health_checks=False))
    database["OPTIONS"] = CONNECTION_OPTIONS | database.get("OPTIONS", {})
    return database
