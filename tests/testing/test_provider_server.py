"""The provider server replays recorded answers."""

import gzip
import json
from pathlib import Path

import httpx
import pytest

from aggregator.providers.error_mapping import map_status
from testing.provider.recordings import UNKNOWN, Recordings
from testing.provider.server import ProviderServer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with the layout of the recordings."""
    (tmp_path / "open_answers").mkdir()
    (tmp_path / "short_answers").mkdir()
    with gzip.open(tmp_path / "open_answers" / "ko.jsonl.gz", "wt", encoding="utf-8") as lines:
        candidates = [
            {"model": "solar", "text": "서울이에요.", "utility": 1.0},
            {"model": "mute", "text": ""},
        ]
        lines.write(
            json.dumps({"id": 1, "topic": "t", "prompt": "수도는  어디?", "candidates": candidates}) + "\n"
        )
        lines.write(json.dumps({"id": 2, "topic": "t", "candidates": candidates}) + "\n")
    with gzip.open(tmp_path / "short_answers" / "sums.csv.gz", "wt", encoding="utf-8") as lines:
        lines.write('id,topic,gold,question,gpt\n1,sums,4,"2+2, please",4\n2,sums,5,,5\n')
    return tmp_path


def test_a_recorded_answer_is_replayed_by_prompt_and_model(folder: Path) -> None:
    recordings = Recordings.read(folder, rate=50)
    script = recordings.find_script("replay:solar", "수도는 어디?")
    assert script is not None
    assert "".join(script.pieces) == "서울이에요."
    assert script.delay_s == 0.02
    sums = recordings.find_script("replay:gpt", "2+2, please")
    assert sums is not None
    assert sums.pieces == ("4",)


def test_a_prompt_without_a_recorded_answer_is_an_error(folder: Path) -> None:
    recordings = Recordings.read(folder)
    for model, prompt in (
        ("replay:mute", "수도는 어디?"),
        ("replay:solar", "another prompt"),
        ("replay:gpt", ""),
    ):
        assert recordings.find_script(model, prompt) == UNKNOWN
    assert recordings.find_script("say:hello", "수도는 어디?") is None


def test_a_missing_recording_is_a_bad_request_and_not_a_fault_of_the_model(folder: Path) -> None:
    body = {"model": "replay:solar", "messages": [{"role": "user", "content": "another prompt"}]}
    with ProviderServer() as server:
        server.find_script = Recordings.read(folder).find_script
        with httpx.Client(base_url=server.url) as client:
            response = client.post("/v1/chat/completions", json=body)
    assert response.status_code == 400
    assert map_status(response.status_code, response.text).code == "bad_request"


def test_a_stopped_server_frees_its_port(folder: Path) -> None:
    with ProviderServer() as server:
        port = server.port
    with ProviderServer(port=port) as again:
        assert again.port == port
