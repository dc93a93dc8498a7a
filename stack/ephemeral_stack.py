"""A stack for the time of one command, so that `manage.py` works with nothing set up and nothing running.

It has to be there before Django reads its settings, so manage.py enters it around every command.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from config.data_dir import ADDRESSES, DATA_DIR
from config.env import SettingError, read_text
from stack.errors import StackError
from stack.progress import Console
from stack.run_state import is_locked, lock_data_dir
from stack.shutdown import StopRequested, handle_stop_signals, ignore_stop_signals

# These need no database, or see to it themselves.
COMMANDS_WITHOUT_STACK = {
    "",
    "up",
    "help",
    "check",
    "collectstatic",
    "compilemessages",
    "findstatic",
    "makemessages",
    "version",
}
COMMANDS_WITH_MODELS = {"ask"}
MODEL_SECONDS = 120


@contextmanager
def ensure_stack(command: str = "") -> Iterator[None]:
    """Let a command find a database, Valkey and, if it asks models, models; do nothing where there are some.

    They are there when the environment names both stores or when `up` runs on this home. Anything wrong
    with the stack or a setting ends the process with one line.
    """
    try:
        if (
            command in COMMANDS_WITHOUT_STACK
            or command.startswith("-")
            or (read_text("DATABASE_URL") and read_text("REDIS_URL"))
        ):
            yield
        elif is_locked(DATA_DIR):
            wait_for_running_stack()
            yield
        else:
            with handle_stop_signals(), lock_data_dir(DATA_DIR), run_ephemeral_stack(command):
                yield
    except (StackError, SettingError) as error:
        sys.exit(f"✗ {error}")
    except StopRequested:
        sys.exit(130)


def has_stores() -> bool:
    """Tell whether the environment names both stores."""
    return bool(read_text("DATABASE_URL") and read_text("REDIS_URL"))


@contextmanager
def run_ephemeral_stack(command: str) -> Iterator[None]:
    """Run a stack; what it says goes to stderr, so that a command's own words stay alone on stdout."""
    # What starts a stack costs every command of a running one most of a second to load.
    from stack.up import Stack

    stack = Stack(DATA_DIR, Console(sys.stderr))
    try:
        stack.start_stores()
        if command in COMMANDS_WITH_MODELS:
            stack.start_models()
            stack.prepare("--demo")
            end = time.monotonic() + MODEL_SECONDS
            stack.tick_until(lambda: stack.has_all_models() or time.monotonic() > end)
        # A short stack has no worker: the command itself runs its turn.
        os.environ |= stack.environment | {"TURN_RUNNER": "here"}
        yield
    finally:
        ignore_stop_signals()
        stack.stop()


def wait_for_running_stack() -> None:
    """Wait for a stack that is just starting to say where its stores are; its worker runs turns for us."""
    end = time.monotonic() + MODEL_SECONDS
    while time.monotonic() < end:
        try:
            addresses = json.loads(ADDRESSES.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            addresses = {}
        if addresses.get("database") and addresses.get("redis"):
            if addresses.get("site"):
                os.environ.setdefault("TURN_RUNNER", "worker")
            return
        time.sleep(0.1)
    raise StackError(f"the stack that starts on {DATA_DIR} does not get ready")
