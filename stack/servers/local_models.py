"""The local language models: download of their weights and the processes that serve them."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from config.data_dir import ROOT
from config.monitoring.http_status import read_http_status
from stack.errors import StackError
from stack.install.weights import QWEN_HALF, QWEN_ONE_AND_HALF, SMOLLM2, Weights, fetch_weights
from stack.processes import Program, find_free_port, spawn
from stack.progress import Console

MODEL_SETS = {"all": (SMOLLM2, QWEN_HALF, QWEN_ONE_AND_HALF), "small": (SMOLLM2, QWEN_HALF), "none": ()}
# The site and the worker have priority over models on a busy processor.
NICE_LEVEL = 5
TIMEOUT_SECONDS = 0.5


class LocalModel:
    """One model and the loopback port of its server."""

    def __init__(self, weights: Weights, data_dir: Path) -> None:
        self.weights = weights
        self.data_dir = data_dir
        self.port = find_free_port()

    @property
    def slug(self) -> str:
        """The slug of the model in the catalog."""
        return self.weights.slug

    @property
    def url(self) -> str:
        """Base URL for an OpenAI client."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def log(self) -> Path:
        """The log of its server."""
        return self.data_dir / "logs" / f"{self.slug}.log"

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server, which responds once the weights are loaded."""
        path = self.weights.path(self.data_dir / "models")
        program = Program(
            (sys.executable, "-m", "stack.servers.model_server", str(path), str(self.port), self.slug),
            log=self.log,
            folder=ROOT,
        )
        process = spawn(program)
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE_LEVEL)
        return process

    def is_ready(self) -> bool:
        """Return whether the model is loaded and takes requests."""
        status = read_http_status("127.0.0.1", self.port, "/health", timeout_seconds=TIMEOUT_SECONDS)
        return status == HTTPStatus.OK


class LocalModels:
    """The models of one of MODEL_SETS; their weights are downloaded in a thread, smallest first."""

    def __init__(self, model_set: str, data_dir: Path, console: Console) -> None:
        self.data_dir = data_dir
        self.console = console
        self.models = [LocalModel(weights, data_dir) for weights in MODEL_SETS[model_set]]
        self.failed: set[str] = set()
        self._downloaded: queue.SimpleQueue[LocalModel] = queue.SimpleQueue()

    @property
    def available_urls(self) -> dict[str, str]:
        """The base URL, by slug, of each model whose weights are downloaded; it may still be loading."""
        folder = self.data_dir / "models"
        return {model.slug: model.url for model in self.models if model.weights.is_complete(folder)}

    def fetch(self) -> None:
        """Start downloading missing weights in the background."""
        threading.Thread(target=self._fetch_all, name="weights", daemon=True).start()

    def take_downloaded(self) -> Iterator[LocalModel]:
        """Yield the models whose weights were completed since the last call."""
        while not self._downloaded.empty():
            yield self._downloaded.get()

    def _fetch_all(self) -> None:
        for model in self.models:
            try:
                fetch_weights(model.weights, self.data_dir / "models", self.console)
            except StackError as error:
                self.failed.add(model.slug)
                self.console.write_line(f"  ✗ {error}")
            else:
                self._downloaded.put(model)
