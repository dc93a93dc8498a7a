"""The folder where an installation keeps what must outlive it, and the few things read from it at start."""

import json
import os
import secrets
from pathlib import Path

from config.env import SettingError, read_list, read_text

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = Path(read_text("JJAMPPONG_HOME") or ROOT / "var").resolve()
ADDRESSES = DATA_DIR / "run" / "stack.json"


def read_secret(name: str, *, size: int = 48) -> str:
    """Return the installation's own secret of that name, made once and readable by its owner alone."""
    path = DATA_DIR / "secrets" / name
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = secrets.token_urlsafe(size)
    scratch = path.with_name(f".{name}.{os.getpid()}")
    scratch.write_text(secret, encoding="ascii")
    scratch.chmod(0o600)
    try:
        # link, unlike rename, fails when another process was first: both then read the same secret.
        os.link(scratch, path)
    except FileExistsError:
        pass
    finally:
        scratch.unlink()
    return path.read_text(encoding="ascii").strip()


def read_running_url(kind: str, default: str) -> str:
    """Return where the embedded stack that runs now serves `kind`, or `default` when none runs."""
    try:
        addresses = json.loads(ADDRESSES.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return default
    return str(addresses.get(kind, default))


def read_local_model_urls() -> dict[str, str]:
    """Return where each local model is served, by slug: LOCAL_MODEL_URLS, or the stack that runs now."""
    pairs = [entry.partition("=") for entry in read_list("LOCAL_MODEL_URLS")]
    if bad := [slug for slug, _, url in pairs if not url.startswith(("http://", "https://"))]:
        raise SettingError(f"LOCAL_MODEL_URLS: {bad[0]!r} has no http address")
    if pairs:
        return {slug: url for slug, _, url in pairs}
    try:
        models = json.loads(ADDRESSES.read_text(encoding="utf-8")).get("models", {})
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return {str(slug): str(url) for slug, url in models.items()}
