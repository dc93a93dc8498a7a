"""A replay offers example prompts that its models can answer, and the page marks them as recordings."""

import gzip
import json
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from stack.servers.replay import RECORDING, Replay

LONG = "길게 적은 답이에요. " * 10
SHORT = "모르겠어요."


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    """Forty prompts, half of which are long or lack a real answer of one model."""
    recording = tmp_path / RECORDING
    recording.parent.mkdir()
    with gzip.open(recording, "wt", encoding="utf-8") as lines:
        for number in range(40):
            prompt = f"{number}번째로 물어보는 짧고 쉬운 질문이에요" + " 아주 길어요" * (
                10 if number % 4 == 1 else 0
            )
            texts = (LONG, SHORT if number % 4 == 2 else LONG)
            candidates = [{"model": f"m{place}", "text": text} for place, text in enumerate(texts)]
            lines.write(json.dumps({"prompt": prompt, "candidates": candidates}) + "\n")
    return Replay(tmp_path, tmp_path / "log", 1)


def test_example_prompts_are_short_and_answered_by_every_model(replay: Replay) -> None:
    numbers = [int(prompt.partition("번")[0]) for prompt in replay.read_prompts()]
    assert len(numbers) == 4
    assert all(number % 4 in {0, 3} for number in numbers)
    assert max(numbers) - min(numbers) > 20
    assert replay.environment["EXAMPLE_PROMPTS"].splitlines() == replay.read_prompts()


@pytest.mark.django_db
def test_an_empty_page_marks_the_examples_as_recordings(client: Client, settings: Settings) -> None:
    settings.EXAMPLE_PROMPTS, settings.REPLAY = ["녹음된 질문이에요"], True
    page = client.get("/").content.decode()
    assert page.count("data-example") == 1
    assert "녹음된 질문이에요" in page and "저장해 둔 답" in page


@pytest.mark.django_db
def test_a_site_without_a_replay_mentions_no_recordings(client: Client) -> None:
    page = client.get("/").content.decode()
    assert page.count("data-example") == 4
    assert "녹음" not in page
