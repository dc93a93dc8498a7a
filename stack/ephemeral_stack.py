"""A stack for the duration of one command, so that every `manage.py` command works without any setup.

It must run before Django reads its settings, so manage.py enters it around each command.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from config.data_dir import DATA_DIR, read_run_state
from config.env import SettingError
from config.launch import has_external_stores, read_launch_settings
from stack.errors import StackError
from stack.progress import Console
from stack.run_state import is_locked, lock_data_dir
from stack.shutdown import StopRequested, handle_stop_signals, ignore_stop_signals

# These need no database, or start the stack themselves.
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
READY_TIMEOUT_SECONDS = 120


@contextmanager
def ensure_stack(command: str = "") -> Iterator[None]:
    """Provide a database, Valkey and, for `ask`, models to a command, unless they exist already.

    They exist when the environment names both stores or `up` runs on this data directory. A StackError or
    SettingError ends the process with one line.
    """
    try:
        if command in COMMANDS_WITHOUT_STACK or command.startswith("-") or has_external_stores():
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


@contextmanager
def run_ephemeral_stack(command: str) -> Iterator[None]:
    """Run a stack for the block; its output goes to stderr, so that stdout holds only the command's own."""
    # Imported here, as it takes most of a second and commands beside a running stack do not need it.
    from stack.up import Stack

    stack = Stack(DATA_DIR, read_launch_settings(), Console(sys.stderr))
    try:
        stack.start_stores()
        if command in COMMANDS_WITH_MODELS:
            stack.start_models()
            stack.prepare("--demo")
            deadline = time.monotonic() + READY_TIMEOUT_SECONDS
            stack.tick_until(lambda: stack.has_all_models() or time.monotonic() > deadline)
        # There is no worker, so the command's own process runs its turn.
        os.environ |= stack.environment | {"TURN_RUNNER": "here"}
        yield
    finally:
        ignore_stop_signals()
        stack.stop()


def wait_for_running_stack() -> None:
    """Wait until a starting stack has published its stores; with a site, its worker runs our turns."""
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        state = read_run_state(DATA_DIR)
        if state.get("database") and state.get("redis"):
            if state.get("site"):
                os.environ.setdefault("TURN_RUNNER", "worker")
            return
        time.sleep(0.1)
    raise StackError(f"the stack that starts on {DATA_DIR} does not get ready")
