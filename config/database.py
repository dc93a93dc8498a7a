"""Connection settings of PostgreSQL: every wait for a dead server has a limit."""

from typing import Any

import dj_database_url

# A server that vanished sends no reset: a write fails after 5 s without acknowledgement, an idle connection
# after three missed keepalives. All but connect_timeout are ignored on a Unix socket.
CONNECTION_OPTIONS = {
    "connect_timeout": 3,
    "tcp_user_timeout": 5_000,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


def parse_database_url(url: str) -> dict[str, Any]:
    """Return the entry of DATABASES for a URL; options in the URL take precedence over ours."""
    database: dict[str, Any] = dict(dj_database_url.parse(url, conn_health_checks=False))
    database["OPTIONS"] = CONNECTION_OPTIONS | database.get("OPTIONS", {})
    return database
