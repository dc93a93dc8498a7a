"""The data directory of an installation (JJAMPPONG_HOME) and what settings read from it."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from config.env import SettingError, read_list, read_text

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = Path(read_text("JJAMPPONG_HOME") or ROOT / "var").resolve()


def read_secret(name: str, *, size: int = 48) -> str:
    """Return the secret of that name, generated on first use in a file that only its owner can read."""
    path = DATA_DIR / "secrets" / name
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = secrets.token_urlsafe(size)
    temporary = path.with_name(f".{name}.{os.getpid()}")
    temporary.write_text(secret, encoding="ascii")
    temporary.chmod(0o600)
    try:
        # link, unlike rename, fails when another process was first: both then read the same secret.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return path.read_text(encoding="ascii").strip()


def run_state_path(data_dir: Path) -> Path:
    """Return the file in which a running stack publishes the URLs of its servers."""
    return data_dir / "run" / "stack.json"


def read_run_state(data_dir: Path) -> dict[str, Any]:
    """Return what the running stack of a data directory has published; empty when none runs."""
    try:
        state = json.loads(run_state_path(data_dir).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def read_running_url(kind: str, default: str) -> str:
    """Return the URL of `kind` in the running stack, or `default` when none runs."""
    return str(read_run_state(DATA_DIR).get(kind, default))


def read_local_model_urls() -> dict[str, str]:
    """Return the base URL of each local model by slug, from LOCAL_MODEL_URLS or the running stack."""
    pairs = [entry.partition("=") for entry in read_list("LOCAL_MODEL_URLS")]
    if bad := [slug for slug, _, url in pairs if not url.startswith(("http://", "https://"))]:
        raise SettingError(f"LOCAL_MODEL_URLS: {bad[0]!r} has no http address")
    if pairs:
        return {slug: url for slug, _, url in pairs}
    models = read_run_state(DATA_DIR).get("models", {})
    return {str(slug): str(url) for slug, url in models.items()}
