"""A stack for the time of one command, so that `manage.py` works with nothing set up and nothing running.

It has to be there before Django reads its settings, so manage.py enters it around every command.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from config.env import SettingError, read_text
from config.home import ADDRESSES, HOME
from config.stack.addresses import hold_home, is_held
from config.stack.ending import Stop, ignore_the_end, listen_for_the_end
from config.stack.errors import StackError
from config.stack.progress import Console

# These need no database, or see to it themselves.
ALONE = {
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
WITH_MODELS = {"ask"}
MODEL_SECONDS = 120


@contextmanager
def ensure_stack(command: str = "") -> Iterator[None]:
    """Let a command find a database, Valkey and, if it asks models, models; do nothing where there are some.

    They are there when the environment names both stores or when `up` runs on this home. Anything wrong
    with the stack or a setting ends the process with one line.
    """
    try:
        if (
            command in ALONE
            or command.startswith("-")
            or (read_text("DATABASE_URL") and read_text("REDIS_URL"))
        ):
            yield
        elif is_held(HOME):
            join_stack()
            yield
        else:
            with listen_for_the_end(), hold_home(HOME), short_stack(command):
                yield
    except (StackError, SettingError) as error:
        sys.exit(f"✗ {error}")
    except Stop:
        sys.exit(130)


def has_stores() -> bool:
    """Tell whether the environment names both stores."""
    return bool(read_text("DATABASE_URL") and read_text("REDIS_URL"))


@contextmanager
def short_stack(command: str) -> Iterator[None]:
    """Run a stack; what it says goes to stderr, so that a command's own words stay alone on stdout."""
    # What starts a stack costs every command of a running one most of a second to load.
    from config.stack.up import Stack

    stack = Stack(HOME, Console(sys.stderr))
    try:
        stack.start_stores()
        if command in WITH_MODELS:
            stack.start_models()
            stack.prepare("--demo")
            end = time.monotonic() + MODEL_SECONDS
            stack.tick_until(lambda: stack.has_all_models() or time.monotonic() > end)
        # A short stack has no worker: the command itself runs its turn.
        os.environ |= stack.environment | {"TURN_RUNNER": "here"}
        yield
    finally:
        ignore_the_end()
        stack.stop()


def join_stack() -> None:
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
    raise StackError(f"the stack that starts on {HOME} does not get ready")
