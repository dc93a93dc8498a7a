"""`manage.py prepare`: idempotent steps that bring an installation up to date."""

import hashlib
from contextlib import suppress
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from accounts.selectors import find_first_superuser
from accounts.services import create_superuser
from aggregator.services.api_keys import has_active_api_key, issue_api_key
from aggregator.services.listings import sync_listings
from aggregator.services.refusal import Refusal
from config.data_dir import DATA_DIR, ROOT, read_secret
from stack.progress import Console

ADMIN = "admin"
ADMIN_EMAIL = "admin@localhost"
# The file of the line that `manage.py up` prints.
ADMIN_LOGIN = "admin_login"
KEY_NAME = "first key"


def prepare(*, with_demo: bool) -> None:
    """Migrate, collect static files and sync listings; with demo also create ads, an admin and an API key."""
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
            admin = make_admin()
            write_admin_login(admin)
            make_api_key(admin)
    connection.close()


def migrate() -> None:
    """Apply pending migrations."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)


def collect_static() -> None:
    """Run collectstatic if a static file or uv.lock has changed."""
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    digest = fingerprint_static()
    with suppress(FileNotFoundError):
        if stamp.read_text(encoding="ascii") == digest:
            return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(digest, encoding="ascii")


def fingerprint_static() -> str:
    """Return the sha256 of our static files and of uv.lock."""
    digest = hashlib.sha256((ROOT / "uv.lock").read_bytes())
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def make_admin() -> User:
    """Return the first superuser, created with a random password if there is none."""
    admin = find_first_superuser()
    if admin is not None:
        return admin
    # Not the password of an admin of an earlier database.
    (DATA_DIR / "secrets" / ADMIN).unlink(missing_ok=True)
    return create_superuser(username=ADMIN, email=ADMIN_EMAIL, password=read_secret(ADMIN, size=12))


def write_admin_login(admin: User) -> None:
    """Write what the admin logs in with to a file that `manage.py up` prints."""
    secret = DATA_DIR / "secrets" / ADMIN
    generated = secret.read_text(encoding="ascii").strip() if secret.exists() else ""
    is_current = bool(generated) and admin.check_password(generated)
    path = DATA_DIR / "secrets" / ADMIN_LOGIN
    path.touch(mode=0o600)
    shown = generated if is_current else "(the password that you chose)"
    path.write_text(f"{admin.email}  {shown}", encoding="utf-8")


def make_api_key(owner: User) -> None:
    """Create the admin's first API key if it is missing; the database stores only its digest."""
    path = DATA_DIR / "secrets" / "api_key"
    if path.exists() and has_active_api_key(owner=owner, name=KEY_NAME):
        return
    try:
        key = issue_api_key(owner=owner, name=KEY_NAME)
    except Refusal:
        # The admin has reached the limit of keys.
        return
    path.touch(mode=0o600)
    path.write_text(str(key), encoding="ascii")
