"""Reads the passes that intent is learned from, and the unlabelled prompts that a teacher labels."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

from language.training.probe_features import TRAIN_FOLDER as PROBES_FOLDER
from language.training.probe_features import read_folder

_DATA = Path(__file__).parents[2] / "data"
TRAIN_FOLDER = _DATA / "intent" / "train"
HELDOUT_FOLDER = _DATA / "intent" / "heldout"
_QUESTIONS_FOLDER = _DATA / "agreement" / "train"


@dataclass(frozen=True, slots=True)
class IntentPrompt:
    """One labelled prompt; `work` is None where nobody has said whether it is work."""

    text: str
    is_commercial: bool
    work: bool | None
    kind: str
    language: str
    writer: str


def read_passes(folder: Path) -> list[IntentPrompt]:
    """Read every pass of a folder, `*.jsonl` or `*.jsonl.gz`, in the order of the files' names."""
    prompts = []
    for path in sorted(folder.glob("*.jsonl*")):
        with (
            gzip.open(path, "rt", encoding="utf-8")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8") as lines
        ):
            for line in filter(str.strip, lines):
                row = json.loads(line)
                # What is commercial is no work that an ad would interrupt.
                work = False if row["commercial"] else row.get("work")
                prompts.append(
                    IntentPrompt(
                        row["prompt"],
                        row["commercial"],
                        work,
                        row["kind"],
                        row["lang"],
                        path.name.split(".")[0],
                    )
                )
    return prompts


def read_unlabelled() -> list[str]:
    """Return the prompts of other data sets of the project whose intent nobody has labelled."""
    labelled = {each.text for folder in (TRAIN_FOLDER, HELDOUT_FOLDER) for each in read_passes(folder)}
    texts = [probe.text for probe in read_folder(PROBES_FOLDER) if not probe.is_sensitive]
    for path in sorted(_QUESTIONS_FOLDER.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            texts += [json.loads(line)["prompt"] for line in lines]
    return [text for text in dict.fromkeys(texts) if text not in labelled]
