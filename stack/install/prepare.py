"""Bring an installation up to date; every step does nothing when there is nothing to do."""

import hashlib
from contextlib import suppress
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from aggregator.models import ApiKey
from aggregator.services.api_keys import issue_api_key
from aggregator.services.listings import sync_listings
from aggregator.services.refusal import Refusal
from config.data_dir import DATA_DIR, ROOT, read_secret
from stack.progress import Console

ADMIN = "admin"
KEY_NAME = "first key"


def prepare(*, with_demo: bool) -> None:
    """Migrate, collect static files and list the models; then demo ads, an admin and an API key if wanted."""
    console = Console()
    with console.step("tables"):
        migrate()
    if settings.ADS_DATABASE:
        with console.step("role of the ad service"):
            call_command("grant_ads_role", stdout=StringIO())
    with console.step("static files"):
        collect_static()
    with console.step("models on offer"):
        sync_listings()
    if with_demo:
        with console.step("demo ads"):
            call_command("load_demo_ads", stdout=StringIO())
        with console.step("admin and API key"):
            make_api_key(make_admin())
    connection.close()


def migrate() -> None:
    """Apply the migrations that are not applied yet."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)


def collect_static() -> None:
    """Collect the static files when one of ours, or a package, is not what it was."""
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    wanted = fingerprint_static()
    with suppress(FileNotFoundError):
        if stamp.read_text(encoding="ascii") == wanted:
            return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(wanted, encoding="ascii")


def fingerprint_static() -> str:
    """Return a digest of our static files and of the locked packages."""
    digest = hashlib.sha256((ROOT / "uv.lock").read_bytes())
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def make_admin() -> User:
    """Return the first admin, made with a random password when there is none."""
    admin = User.objects.filter(is_superuser=True).order_by("pk").first()
    if admin is not None:
        return admin
    # A password of an earlier database would be known to whoever saw it.
    (DATA_DIR / "secrets" / ADMIN).unlink(missing_ok=True)
    return User.objects.create_superuser(ADMIN, "admin@localhost", read_secret(ADMIN, size=12))


def make_api_key(owner: User) -> None:
    """Make the admin an API key unless there is one; only its digest is in the database."""
    path = DATA_DIR / "secrets" / "api_key"
    if path.exists() and ApiKey.objects.filter(owner=owner, name=KEY_NAME, revoked_at=None).exists():
        return
    try:
        key = issue_api_key(owner=owner, name=KEY_NAME)
    except Refusal:
        # Whoever has so many keys of their own does without this one.
        return
    path.touch(mode=0o600)
    path.write_text(str(key), encoding="ascii")
