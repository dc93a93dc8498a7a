"""Reads labelled passes of answers: questions whose answers are grouped by what they say."""

import gzip
import json
from pathlib import Path
from typing import Any

TRAIN_PASSES = Path(__file__).resolve().parents[3] / "data" / "agreement" / "train"


def read_pass(path: Path) -> list[dict[str, Any]]:
    """Return the questions of a pass, of plain or compressed JSON lines."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.decode().splitlines() if line.strip()]


def list_passes(folder: Path) -> list[Path]:
    """Return the files of a folder of passes, in order."""
    return sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")])


def number_groups(question: dict[str, Any]) -> dict[int, int]:
    """Return the number of each answer's group."""
    return {index: number for number, group in enumerate(question["groups"]) for index in group}
