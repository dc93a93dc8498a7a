import psycopg
import pytest
from django.apps import apps
from django.conf import settings as current
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from ads.client import request_ad
from ads.contract import ServedAd
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.events.receive import receive_click, receive_impression
from ads.infra.database_role import RoleError, assume_role, service_tables
from ads.ledger.billing import Charge, charge_click
from ads.ledger.invariants import find_discrepancies
from ads.models import Click, Offer
from ads.reporting.rollups import roll_up
from testing.ads.event_requests import make_event_request
from testing.ads.inventory import make_ad, publish_all, request_for
from tests.ads.conftest import ROLE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


def connect(role: dict[str, object]) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        host=str(role["HOST"]),
        port=int(str(role["PORT"])),
        dbname=str(role["NAME"]),
        user=ROLE,
        password=str(role["PASSWORD"]),
        autocommit=True,
    )


def test_the_role_reads_the_market_s_tables_and_no_others(role: dict[str, object]) -> None:
    foreign = sorted(model._meta.db_table for model in apps.get_models() if model._meta.app_label != "ads")
    assert {"aggregator_turn", "accounts_user", "django_session"} <= set(foreign)
    foreign.append("ads_invitation")
    with connect(role) as line:
        for table in service_tables():
            line.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608
        for table in foreign:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                line.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608


def test_no_column_or_view_of_a_conversation_is_readable(role: dict[str, object]) -> None:
    with connect(role) as line:
        found = line.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
            " AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (has_table_privilege(c.oid, 'SELECT')"
            " OR has_any_column_privilege(c.oid, 'SELECT')) ORDER BY 1"
        ).fetchall()
        assert [name for (name,) in found] == service_tables()
        may = line.execute(
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
        assert may == (False,)


def test_the_role_cannot_make_delete_or_rewrite(role: dict[str, object]) -> None:
    make_ad()
    with connect(role) as line:
        for statement in (
            "CREATE TABLE mine (id int)",
            "DELETE FROM ads_offer",
            "TRUNCATE ads_click",
            "ALTER TABLE ads_entry DISABLE TRIGGER ALL",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                line.execute(statement)
        with pytest.raises(psycopg.errors.RestrictViolation):
            line.execute("UPDATE ads_entry SET amount_micros = 1")


def test_the_whole_life_of_an_ad_needs_no_more_than_the_role_has(role: dict[str, object]) -> None:
    make_ad()
    publish_all()
    assume_role()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (ROLE,)
    assert isinstance(request_ad(request_for("도쿄 항공권 싸게 사는 법")), ServedAd)
    offer = Offer.objects.get()
    receive_impression(
        sign_token(LinkPurpose.IMPRESSION, offer.id, at=offer.created_at), make_event_request()
    )
    receive_click(
        sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at),
        make_event_request(agent="Googlebot/2.1"),
    )
    charge = Charge(offer.id, offer.campaign_id, offer.price_micros, "", timezone.now())
    assert charge_click(charge) == "billed"
    assert Click.objects.count() == 1
    assert find_discrepancies() == []
    # Rollups are written by the worker, which owns the tables.
    with pytest.raises(Exception, match="permission denied"):
        roll_up()


def test_a_role_that_can_read_more_is_refused(role: dict[str, object], settings: Settings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT ON aggregator_turn TO {ROLE}")
    with pytest.raises(RoleError, match="aggregator_turn"):
        assume_role()


def test_the_owner_of_all_tables_is_no_role_for_the_service(settings: Settings) -> None:
    settings.ADS_DATABASE = dict(current.DATABASES["default"])
    with pytest.raises(CommandError, match="of its own"):
        call_command("grant_ads_role", verbosity=0)
    settings.ADS_DATABASE = {}
    with pytest.raises(CommandError, match="not set"):
        call_command("grant_ads_role", verbosity=0)
