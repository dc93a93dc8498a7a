"""REPLAY: recorded answers of real models in place of local ones, from the tests' own provider server."""

import gzip
import http.client
import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.data_dir import ROOT
from config.env import read_flag, read_text
from stack.errors import StackError
from stack.processes import Program, find_free_port, spawn
from stack.supervisor import Child

SERVER = ROOT / "tests" / "provider_server.py"
RECORDING = Path("open_answers", "ko_arena.jsonl.gz")
TOKENS_A_SECOND = "60"
REPLAY_PANEL_SIZE = "4"
# Behind the stores, before worker and site, as the local models are.
STOP_RANK = 2
EXAMPLE_LENGTHS = range(20, 45)
# Providers filter some answers, and break others off: a prompt to try has a real one of each model.
MIN_ANSWER_CHARS = 80
EXAMPLE_COUNT = 4


@dataclass(frozen=True, slots=True)
class Replay:
    """The server of one recording, on a loopback port of its own."""

    data: Path
    log: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What the site needs to put the recorded models on offer, and prompts that they can answer."""
        return {
            "OPENAI_COMPATIBLE_URL": f"http://127.0.0.1:{self.port}/v1",
            "OPENAI_COMPATIBLE_KEY": "",
            "EXAMPLE_PROMPTS": "\n".join(self.read_prompts()),
        }

    def child(self) -> Child:
        """Return the server as a child; this code imports nothing of the tests."""
        arguments = (
            "--port",
            str(self.port),
            "--data",
            str(self.data),
            "--rate",
            TOKENS_A_SECOND,
            "--korean",
        )
        program = Program(
            (sys.executable, "-m", "testing.provider.server", *arguments), log=self.log, folder=ROOT
        )
        return Child(
            name="replay",
            start=lambda: spawn(program),
            is_ready=self.answers,
            rank=STOP_RANK,
            stop_signal=signal.SIGTERM,
            stop_seconds=3,
            log=self.log,
        )

    def answers(self) -> bool:
        """Tell whether the recording is read and served."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=0.5)
        try:
            line.request("GET", "/healthz")
            return line.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()

    def read_prompts(self) -> list[str]:
        """Return a few short prompts that every model has answered, from all over the recording."""
        with gzip.open(self.data / RECORDING, "rt", encoding="utf-8") as lines:
            short = [row["prompt"] for row in map(json.loads, lines) if is_example(row)]
        count = min(EXAMPLE_COUNT, len(short))
        return [short[(2 * place + 1) * len(short) // (2 * count)] for place in range(count)]


def is_example(row: dict[str, Any]) -> bool:
    """Tell whether a recorded prompt is short and has a real answer of each model."""
    is_short = len(row["prompt"]) in EXAMPLE_LENGTHS and "\n" not in row["prompt"]
    return is_short and all(len(each["text"]) >= MIN_ANSWER_CHARS for each in row["candidates"])


def find_replay(data_dir: Path) -> Replay | None:
    """Return the recording that REPLAY asks for, or None without it; raises one clear line."""
    if not read_flag("REPLAY", default=False):
        return None
    data = (ROOT / read_text("REPLAY_DATA", "../shared/data")).resolve()
    recording = data / RECORDING
    if not recording.exists():
        raise StackError(f"REPLAY: {recording} is not there; set REPLAY_DATA to the folder that has it")
    if not SERVER.exists():
        raise StackError("REPLAY: this installation is without tests/, whose server replays answers")
    return Replay(data, data_dir / "logs" / "replay.log", find_free_port())
