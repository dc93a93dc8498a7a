#!/usr/bin/env python3
"""Every command of the project; re-runs itself in the project's virtual environment when there is one."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def enter_environment() -> None:
    python = ROOT / ".venv" / "bin" / "python"
    if python.exists() and Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        os.execv(python, [str(python), *sys.argv])  # noqa: S606


def main() -> None:
    enter_environment()
    if sys.argv[1:] == ["up"]:
        # Its children load Django; loading it here as well would cost every start a second.
        from stack.up import main as run_site

        sys.exit(run_site())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from stack.ephemeral_stack import ensure_stack

    with ensure_stack(*sys.argv[1:2]):
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
