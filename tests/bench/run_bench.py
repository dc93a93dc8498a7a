"""Runs a bench in a child process with stores of its own."""

import json
import os
import subprocess
import sys

from config.data_dir import ROOT

SECONDS = 300
# The site of the bench must not use the stores of this test session.
SESSION_VARIABLES = {
    "DATABASE_URL", "REDIS_URL", "JJAMPPONG_HOME", "DATABASE_POOL", "DJANGO_SETTINGS_MODULE",
}  # fmt: skip


def run_bench(name: str) -> tuple[dict[str, object], str]:
    """Run the smallest size of a bench; return the values of its missed goals and its output."""
    process = subprocess.run(  # noqa: S603 - a module of our own
        [sys.executable, "-m", f"bench.{name}", "--tiny"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in SESSION_VARIABLES},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2_000:]
    goals = json.loads(process.stdout.strip().splitlines()[-1])["goals"]
    assert goals
    missed = {goal: result["value"] for goal, result in goals.items() if not result["ok"]}
    return missed, process.stdout
