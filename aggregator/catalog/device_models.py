"""The models that run in a browser, of which this installation serves the downloaded ones."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from aggregator.catalog.catalog import LanguageModel, read_catalog

TABLE = Path(__file__).with_name("device_models.toml")


@dataclass(frozen=True, slots=True)
class DeviceModel:
    """One model and what a browser needs to run it; its weights are identified by their SHA-256."""

    language_model: LanguageModel
    file: str
    sha256: str
    size: int
    memory_gb: float
    temperature: float
    tokens_per_syllable: float
    examples: dict[str, tuple[str, ...]]

    @property
    def path(self) -> Path:
        """The path of the weights file, whether or not it exists."""
        return Path(settings.DEVICE_WEIGHTS_FOLDER) / self.file

    @property
    def is_downloaded(self) -> bool:
        """Whether the weights file exists in its full size."""
        try:
            return self.path.stat().st_size == self.size
        except OSError:
            return False


def list_device_models() -> list[DeviceModel]:
    """Return the models whose weights are downloaded now."""
    return [model for model in read_table() if model.is_downloaded]


def find_device_model(sha256: str) -> DeviceModel | None:
    """Return the downloaded model whose weights have this SHA-256."""
    return next((model for model in list_device_models() if model.sha256 == sha256), None)


@cache
def read_table() -> tuple[DeviceModel, ...]:
    """Return every model of the table, smallest first, whether or not it is downloaded."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["model"]
    return tuple(sorted(map(_read_model, rows), key=lambda model: model.size))


def _read_model(row: dict[str, Any]) -> DeviceModel:
    return DeviceModel(
        language_model=read_catalog()[row["slug"]],
        file=row["file"],
        sha256=row["sha256"],
        size=row["bytes"],
        memory_gb=row["memory_gb"],
        temperature=row["temperature"],
        tokens_per_syllable=row["tokens_per_syllable"],
        examples={language: tuple(row[f"examples_{language}"]) for language in ("ko", "en")},
    )
