"""REPLAY: recorded answers of real models instead of local ones, served by `testing.provider.server`."""

import gzip
import json
import signal
import sys
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from config.data_dir import ROOT
from config.monitoring.http_status import read_http_status
from stack.errors import StackError
from stack.processes import Program, find_free_port, spawn
from stack.supervisor import Child

SERVER = ROOT / "testing" / "provider" / "server.py"
RECORDING = Path("open_answers", "ko_arena.jsonl.gz")
TOKENS_PER_SECOND = "60"
REPLAY_PANEL_SIZE = "4"
# After the stores and before worker and site, like the local models.
STOP_RANK = 2
TIMEOUT_SECONDS = 0.5
EXAMPLE_LENGTHS = range(20, 45)
# Some recorded answers were filtered or cut off; an example prompt needs a real answer of each model.
MIN_ANSWER_CHARS = 80
EXAMPLE_COUNT = 4


@dataclass(frozen=True, slots=True)
class Replay:
    """The server of one recording and its loopback port."""

    data: Path
    log: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """The variables that put the recorded models on offer, and example prompts that they can answer."""
        return {
            "OPENAI_COMPATIBLE_URL": f"http://127.0.0.1:{self.port}/v1",
            "OPENAI_COMPATIBLE_KEY": "",
            "EXAMPLE_PROMPTS": "\n".join(self.read_prompts()),
        }

    def child(self) -> Child:
        """Return the server as a child process; the product does not import `testing`."""
        arguments = (
            "--port",
            str(self.port),
            "--data",
            str(self.data),
            "--rate",
            TOKENS_PER_SECOND,
            "--korean",
        )
        program = Program(
            (sys.executable, "-m", "testing.provider.server", *arguments), log=self.log, folder=ROOT
        )
        return Child(
            name="replay",
            start=lambda: spawn(program),
            is_ready=self.is_ready,
            rank=STOP_RANK,
            stop_signal=signal.SIGTERM,
            stop_seconds=3,
            log=self.log,
        )

    def is_ready(self) -> bool:
        """Return whether the recording is loaded and served."""
        status = read_http_status("127.0.0.1", self.port, "/healthz", timeout_seconds=TIMEOUT_SECONDS)
        return status == HTTPStatus.OK

    def read_prompts(self) -> list[str]:
        """Return EXAMPLE_COUNT short prompts that every model has answered, spread over the recording."""
        with gzip.open(self.data / RECORDING, "rt", encoding="utf-8") as lines:
            short = [row["prompt"] for row in map(json.loads, lines) if is_example(row)]
        count = min(EXAMPLE_COUNT, len(short))
        return [short[(2 * place + 1) * len(short) // (2 * count)] for place in range(count)]


def is_example(row: dict[str, Any]) -> bool:
    """Return whether a recorded prompt is short and has a real answer of each model."""
    is_short = len(row["prompt"]) in EXAMPLE_LENGTHS and "\n" not in row["prompt"]
    return is_short and all(len(each["text"]) >= MIN_ANSWER_CHARS for each in row["candidates"])


def find_replay(data: Path | None, data_dir: Path) -> Replay | None:
    """Return the replay of the recording in a folder, None without a folder; raises StackError."""
    if data is None:
        return None
    recording = data / RECORDING
    if not recording.exists():
        raise StackError(f"REPLAY: {recording} is not there; set REPLAY_DATA to the folder that has it")
    if not SERVER.exists():
        raise StackError("REPLAY: this installation has no testing/, whose server replays answers")
    return Replay(data, data_dir / "logs" / "replay.log", find_free_port())
