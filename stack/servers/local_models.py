"""The local language models: which, where, and the processes that serve them."""

import http.client
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from config.data_dir import ROOT
from config.env import read_choice, read_flag
from stack.errors import StackError
from stack.install.weights import QWEN_HALF, QWEN_ONE_AND_HALF, SMOLLM2, Weights, fetch_weights
from stack.processes import Program, find_free_port, spawn
from stack.progress import Console

CHOICES = {
    "all": (SMOLLM2, QWEN_HALF, QWEN_ONE_AND_HALF),
    "small": (SMOLLM2, QWEN_HALF),
    "none": (),
}
# Behind the site and the worker when there is not enough processor for all.
NICE_LEVEL = 5


class LocalModel:
    """One model and the loopback port that it will answer on."""

    def __init__(self, weights: Weights, data_dir: Path) -> None:
        self.weights = weights
        self.data_dir = data_dir
        self.port = find_free_port()

    @property
    def slug(self) -> str:
        """The slug of the catalog."""
        return self.weights.slug

    @property
    def url(self) -> str:
        """Base URL for an OpenAI client."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def log(self) -> Path:
        """Where its server writes."""
        return self.data_dir / "logs" / f"{self.slug}.log"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server; it answers once its weights are loaded."""
        path = self.weights.path(self.data_dir / "models")
        program = Program(
            command=(
                sys.executable,
                "-m",
                "stack.servers.model_server",
                str(path),
                str(self.port),
                self.slug,
            ),
            log=self.log,
            folder=ROOT,
        )
        process = spawn(program)
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE_LEVEL)
        return process

    def answers(self) -> bool:
        """Tell whether the model is loaded and takes requests."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=0.5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class LocalModels:
    """The models that LOCAL_MODELS names; their weights arrive in a thread, smallest first."""

    def __init__(self, data_dir: Path, console: Console) -> None:
        self.data_dir = data_dir
        self.console = console
        # Recorded answers come in their place, unless both are asked for.
        usual = "none" if read_flag("REPLAY", default=False) else "all"
        chosen = CHOICES[read_choice("LOCAL_MODELS", usual, tuple(CHOICES))]
        self.models = [LocalModel(weights, data_dir) for weights in chosen]
        self.missing: dict[str, str] = {}
        self._loaded: queue.SimpleQueue[LocalModel] = queue.SimpleQueue()

    @property
    def available_urls(self) -> dict[str, str]:
        """Where the models whose weights are here answer, or will in a moment."""
        folder = self.data_dir / "models"
        return {model.slug: model.url for model in self.models if model.weights.is_complete(folder)}

    def fetch(self) -> None:
        """Begin to fetch what is missing."""
        threading.Thread(target=self._fetch_all, name="weights", daemon=True).start()

    def take_loaded(self) -> Iterator[LocalModel]:
        """Yield the models whose weights have become complete since the last call."""
        while not self._loaded.empty():
            yield self._loaded.get()

    def _fetch_all(self) -> None:
        for model in self.models:
            try:
                fetch_weights(model.weights, self.data_dir / "models", self.console)
            except StackError as error:
                self.missing[model.slug] = str(error)
                self.console.say(f"  ✗ {error}")
            else:
                self._loaded.put(model)
