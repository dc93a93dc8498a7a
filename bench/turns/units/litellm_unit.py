"""The process of `litellm_process` as a unit under test."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict

from bench.turns.loads import Load, Round
from bench.turns.prompts.source import Prompt
from config.data_dir import ROOT


class LitellmUnit:
    """The child process, pinned to one processor."""

    name = "litellm"

    def __init__(self, provider: str, core: int) -> None:
        command = [
            "taskset",
            "-c",
            str(core),
            sys.executable,
            "-m",
            "bench.turns.units.litellm_process",
            provider,
        ]
        self.memory_bytes = 0
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._read()

    async def run(self, load: Load, prompts: Sequence[Prompt]) -> Round:
        """Run a load and return its measurements."""
        return await asyncio.to_thread(self._run, load, prompts)

    async def close(self) -> None:
        """Stop the process."""
        self._process.terminate()
        self._process.wait()

    def _run(self, load: Load, prompts: Sequence[Prompt]) -> Round:
        if self._process.stdin:
            request = {"load": asdict(load), "prompts": [asdict(prompt) for prompt in prompts]}
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        document = json.loads(self._read())
        self.memory_bytes = document.pop("memory")
        return Round(**document)

    def _read(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""
