"""Weights are fitted on a folder of recorded answers, name their sources, and are used without a restart."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from aggregator.models import WeightsVersion
from aggregator.pipeline.ranking.weights import (
    get_active_weights,
    load_default_weights,
    parse_weights,
)
from aggregator.storage import model_weights

pytestmark = pytest.mark.django_db
MODELS = ("gpt-4o", "claude-3", "gemini-2", "qwen2.5")
PROMPTS = 60


def _pack(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Return a small data folder, in which the models differ in accuracy and length."""
    buffer = io.StringIO()
    table = csv.writer(buffer)
    table.writerow(["id", "topic", "gold", "question", *MODELS])
    for row in range(PROMPTS):
        answers = ["ABCD"[(row + place * (row % (2 + place) == 0)) % 4] for place in range(len(MODELS))]
        table.writerow([row, "sums" if row % 2 else "words", "ABCD"[row % 4], f"question {row}", *answers])
    _pack(tmp_path / "short_answers" / "toy.csv.gz", buffer.getvalue())
    rows = [
        {
            "id": row,
            "topic": "tales",
            "prompt": f"Tell me about the number {row}",
            "candidates": [
                {"model": model, "text": f"{row} is a number. " * (1 + (row + place) % 3), "utility": 0.5}
                for place, model in enumerate(MODELS)
            ],
        }
        for row in range(PROMPTS)
    ]
    _pack(tmp_path / "open_answers" / "alpaca_eval.jsonl.gz", "\n".join(json.dumps(row) for row in rows))
    return tmp_path


def test_fitted_weights_are_stored_with_their_sources_and_used_at_once(recordings: Path) -> None:
    call_command("fit_weights", data=recordings, stdout=io.StringIO())

    fit = WeightsVersion.objects.get()
    assert set(fit.provenance) == {"open_answers/alpaca_eval.jsonl.gz", "short_answers/toy.csv.gz"}
    assert fit.version == parse_weights(fit.heads).version
    # As a minute later.
    model_weights.refresh_weights.cache_clear()
    model_weights.refresh_weights()
    assert get_active_weights().version == fit.version
    assert get_active_weights().styles["en"].judged == PROMPTS
    # No text of prompts, answers or model names is stored.
    stored = json.dumps(fit.heads)
    assert not [word for word in ("number", "question", *MODELS) if word in stored]


def test_the_same_folder_gives_the_same_weights(recordings: Path) -> None:
    for _ in range(2):
        call_command("fit_weights", data=recordings, stdout=io.StringIO())

    first, second = (parse_weights(fit.heads) for fit in WeightsVersion.objects.order_by("version"))
    assert (first.option_vote, first.open_vote, first.styles) == (
        second.option_vote,
        second.open_vote,
        second.styles,
    )


def test_a_folder_without_recordings_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no recorded answers"):
        call_command("fit_weights", data=tmp_path, stdout=io.StringIO())

    assert not WeightsVersion.objects.exists()
    assert get_active_weights() == load_default_weights()


def test_the_shipped_weights_are_small_and_name_their_sources() -> None:
    weights = load_default_weights()

    assert weights.provenance
    assert {"ko", "en"} <= set(weights.styles)
    assert sum(len(style.means) * 2 + len(style.weights) for style in weights.styles.values()) < 500
    assert not any(style.skills for style in weights.styles.values())
