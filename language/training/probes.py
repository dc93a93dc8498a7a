"""The labelled prompts (probes) in data/sensitivity, which its README.md describes."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parents[2] / "data" / "sensitivity"
TRAIN_FOLDER = _FOLDER / "train"
HELDOUT_FOLDER = _FOLDER / "heldout"
_SUFFIX = ".jsonl.gz"


@dataclass(frozen=True, slots=True)
class Probe:
    """One labelled prompt; `topic` is its class, `writer` the stem of its file."""

    text: str
    label: str
    topic: str
    writer: str = ""

    @property
    def is_sensitive(self) -> bool:
        """Return whether an ad beside this prompt would be wrong."""
        return self.label == "sensitive"


def read_probes(path: Path) -> list[Probe]:
    """Read one gzip-compressed file of JSON lines with the keys text, label and class."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    writer = path.name.removesuffix(_SUFFIX)
    return [Probe(row["text"], row["label"], row.get("class", ""), writer) for row in rows]


def read_folder(folder: Path) -> list[Probe]:
    """Read every file of a folder, in the order of the files' names."""
    return [probe for path in sorted(folder.glob(f"*{_SUFFIX}")) for probe in read_probes(path)]
