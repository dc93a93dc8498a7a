"""Checks of Dockerfile and compose.yaml that need no container engine."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent


def read_compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return document


def read_steps() -> list[str]:
    """Return the instructions of the Dockerfile, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_is_built_in_stages_and_does_not_run_as_root() -> None:
    steps = read_steps()
    assert len([step for step in steps if step.startswith("FROM ")]) == 2
    users = [step for step in steps if step.startswith("USER ")]
    assert users
    assert "root" not in users[-1]
    assert any(step.startswith("HEALTHCHECK ") for step in steps)
    assert not any(step.startswith("ADD ") for step in steps)


def test_every_image_has_a_version() -> None:
    images = [step.split()[1] for step in read_steps() if step.startswith("FROM ")]
    images += [service["image"] for service in read_compose()["services"].values() if "build" not in service]
    assert [image for image in images if ":" not in image or image.endswith(":latest")] == []


def test_the_image_holds_no_secret() -> None:
    values = " ".join(step for step in read_steps() if step.startswith(("ENV ", "ARG ")))
    assert re.findall(r"\w*(?:SECRET|PASSWORD|TOKEN|API_KEY)\w*", values) == []
    for service in read_compose()["services"].values():
        for name, value in (service.get("environment") or {}).items():
            if re.search("SECRET|PASSWORD|TOKEN", name):
                assert str(value).startswith("${")


def test_commands_are_lists_so_that_signals_reach_the_process() -> None:
    (command,) = [step for step in read_steps() if step.startswith("CMD ")]
    assert json.loads(command.removeprefix("CMD "))[0] == "uvicorn"
    for service in read_compose()["services"].values():
        assert isinstance(service.get("command", []), list)


def test_compose_has_every_role() -> None:
    services = read_compose()["services"]
    assert set(services) >= {"web", "worker", "beat", "postgres", "valkey"}
    assert services["web"]["deploy"]["replicas"] == 2
    assert "pgvector" in services["postgres"]["image"]


def test_a_worker_has_time_to_drain_before_it_is_killed() -> None:
    worker = read_compose()["services"]["worker"]
    seconds = int(worker["environment"]["TURN_DRAIN_SECONDS"])
    assert 30 <= seconds < int(worker["stop_grace_period"].removesuffix("s"))
    # The override of one variable keeps the shared ones.
    assert worker["environment"]["TURN_RUNNER"] == "worker"


def test_the_build_context_excludes_what_setup_installs() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".git", ".venv", "node_modules", "var"} <= set(ignored)
