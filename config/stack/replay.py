"""REPLAY: recorded answers of real models in place of local ones, from the tests' own provider server."""

import gzip
import http.client
import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from config.env import read_flag, read_text
from config.home import ROOT
from config.stack.errors import StackError
from config.stack.processes import Program, find_free_port, spawn
from config.stack.supervisor import Child

SERVER = ROOT / "tests" / "provider_server.py"
RECORDING = Path("open_answers", "ko_arena.jsonl.gz")
TOKENS_A_SECOND = "60"
SEATS = "4"
# Behind the stores, before worker and site, as the local models are.
RANK = 2
SHORT = range(20, 90)


@dataclass(frozen=True, slots=True)
class Replay:
    """The server of one recording, on a loopback port of its own."""

    data: Path
    log: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What the site needs to put the recorded models on offer."""
        return {"OPENAI_COMPATIBLE_URL": f"http://127.0.0.1:{self.port}/v1", "OPENAI_COMPATIBLE_KEY": ""}

    def child(self) -> Child:
        """Return the server as a child; this code imports nothing of the tests."""
        words = ("--port", str(self.port), "--data", str(self.data), "--rate", TOKENS_A_SECOND, "--korean")
        program = Program((sys.executable, "-m", "tests.provider_server", *words), log=self.log, folder=ROOT)
        return Child(
            name="replay",
            start=lambda: spawn(program),
            is_ready=self.answers,
            rank=RANK,
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

    def read_prompts(self, count: int = 3) -> list[str]:
        """Return a few short prompts that have recorded answers, for whoever wants to try one."""
        with gzip.open(self.data / RECORDING, "rt", encoding="utf-8") as lines:
            prompts = (json.loads(line)["prompt"] for line in lines)
            short = (prompt for prompt in prompts if len(prompt) in SHORT and "\n" not in prompt)
            return [prompt for _, prompt in zip(range(count), short, strict=False)]


def find_replay(home: Path) -> Replay | None:
    """Return the recording that REPLAY asks for, or None without it; raises one clear line."""
    if not read_flag("REPLAY", default=False):
        return None
    data = (ROOT / read_text("REPLAY_DATA", "../shared/data")).resolve()
    recording = data / RECORDING
    if not recording.exists():
        raise StackError(f"REPLAY: {recording} is not there; set REPLAY_DATA to the folder that has it")
    if not SERVER.exists():
        raise StackError("REPLAY: this installation is without tests/, whose server replays answers")
    return Replay(data, home / "logs" / "replay.log", find_free_port())
