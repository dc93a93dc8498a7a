"""The environment variables that only the embedded stack reads (`manage.py up` and single commands)."""

from dataclasses import dataclass
from pathlib import Path

from config.data_dir import ROOT
from config.env import MAX_PORT, read_choice, read_flag, read_int, read_text

LOCAL_MODEL_SETS = ("all", "small", "none")


@dataclass(frozen=True, slots=True)
class LaunchSettings:
    """What to start and where; an empty URL means an embedded server."""

    host: str
    port: int
    database_url: str
    redis_url: str
    local_models: str
    replay_data: Path | None


def read_launch_settings() -> LaunchSettings:
    """Read and validate the variables; raises SettingError."""
    is_replay = read_flag("REPLAY", default=False)
    replay_data = (ROOT / read_text("REPLAY_DATA", "../shared/data")).resolve()
    return LaunchSettings(
        host=read_text("HOST", "127.0.0.1"),
        port=read_int("PORT", 8000, minimum=1, maximum=MAX_PORT),
        database_url=read_text("DATABASE_URL"),
        redis_url=read_text("REDIS_URL"),
        # A replay stands in for local models unless both are asked for.
        local_models=read_choice("LOCAL_MODELS", "none" if is_replay else "all", LOCAL_MODEL_SETS),
        replay_data=replay_data if is_replay else None,
    )


def has_external_stores() -> bool:
    """Return whether the environment names both a database and a Valkey."""
    return bool(read_text("DATABASE_URL") and read_text("REDIS_URL"))
