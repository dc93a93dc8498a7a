"""The PostgreSQL role of the ad service, which can access the tables of the market and no others."""

from django.apps import apps
from django.conf import settings
from django.db import connection, connections, transaction
from psycopg import sql

# Email addresses, which only the portal needs.
EXCLUDED_TABLES = {"ads_invitation"}


class RoleError(Exception):
    """The role has too many rights or would be the site's own."""


def service_tables() -> list[str]:
    """Return the names of the tables that serving ads and counting events needs."""
    tables = {model._meta.db_table for model in apps.get_app_config("ads").get_models()}
    return sorted(tables - EXCLUDED_TABLES)


@transaction.atomic
def grant_role() -> None:
    """Create the role of ADS_DATABASE_URL with exactly its rights; run it after each migration."""
    name, password = settings.ADS_DATABASE["USER"], settings.ADS_DATABASE["PASSWORD"]
    if name == connection.settings_dict["USER"]:
        raise RoleError("ADS_DATABASE_URL: the ad service needs a role of its own")
    role = sql.Identifier(name)
    tables = sql.SQL(", ").join(map(sql.Identifier, service_tables()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        verb = sql.SQL("ALTER" if cursor.fetchone() else "CREATE")
        statements = [
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, sql.Literal(password)),
            sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(role),
            sql.SQL("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {}").format(role),
            sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role),
            sql.SQL("GRANT SELECT, INSERT, UPDATE ON {} TO {}").format(tables, role),
        ]
        cursor.execute(
            "SELECT pg_get_serial_sequence(t, 'id') FROM unnest(%s::text[]) AS t WHERE EXISTS (SELECT 1"
            " FROM information_schema.columns WHERE table_name = t AND column_name = 'id')",
            [service_tables()],
        )
        for (sequence,) in cursor.fetchall():
            if sequence:
                named = sql.Identifier(*sequence.split("."))
                statements.append(sql.SQL("GRANT USAGE ON SEQUENCE {} TO {}").format(named, role))
        for statement in statements:
            cursor.execute(statement.as_string(connection.connection))


def assume_role() -> None:
    """Connect this process to the database as the ad service's role; raises RoleError."""
    connections.close_all()
    chosen = connections.settings["default"]
    options = chosen.get("OPTIONS", {})
    chosen |= settings.ADS_DATABASE
    chosen["OPTIONS"] = options | settings.ADS_DATABASE.get("OPTIONS", {})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname <> ALL (%s) AND has_table_privilege(oid, 'SELECT') ORDER BY relname",
            [service_tables()],
        )
        foreign = [name for (name,) in cursor]
    if foreign:
        raise RoleError(f"ADS_DATABASE_URL: this role can read {', '.join(foreign[:5])} too")
