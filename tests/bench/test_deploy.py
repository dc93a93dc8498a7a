"""A deploy while turns stream loses nothing: a small run of bench/deploy.py on real processes."""

import json
import os
import subprocess
import sys

import pytest

from config.data_dir import ROOT

SECONDS = 300


@pytest.mark.timeout(SECONDS + 20)
def test_no_turn_is_cut_and_nothing_is_lost_by_a_deploy() -> None:
    # The site of the bench has stores of its own: nothing of this session's may reach it.
    ours = {"DATABASE_URL", "REDIS_URL", "JJAMPPONG_HOME", "DATABASE_POOL", "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    ended = subprocess.run(
        [sys.executable, "-m", "bench.deploy", "--tiny"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2_000:]
    goals = json.loads(ended.stdout.strip().splitlines()[-1])["goals"]
    assert {name: goal["value"] for name, goal in goals.items() if not goal["ok"]} == {}, ended.stdout
