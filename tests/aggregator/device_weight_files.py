"""Weights under the name of a model that the table knows, short enough to compare byte by byte."""

import os
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from aggregator.catalog import device_models
from aggregator.web.device_views import CHUNK_BYTES
from stack.install.weights import SMOLLM2

SIZE = 3 * CHUNK_BYTES + 17
SMALL = f"/on-device/weights/{SMOLLM2.sha256}.gguf"


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """An empty folder of weights."""
    settings.DEVICE_WEIGHTS_FOLDER = str(tmp_path)
    return tmp_path


@pytest.fixture
def weights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Weights under SmolLM2's name, short enough to compare byte by byte."""
    written = os.urandom(SIZE)
    (folder / SMOLLM2.file_name).write_bytes(written)
    table = device_models.TABLE.read_text(encoding="utf-8").replace("98_362_432", str(SIZE))
    shortened = folder / "table.toml"
    shortened.write_text(table, encoding="utf-8")
    monkeypatch.setattr(device_models, "TABLE", shortened)
    monkeypatch.setattr(device_models, "read_table", device_models.read_table.__wrapped__)
    return written
