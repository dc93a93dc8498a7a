"""docs/glossary.md and the code agree: its files exist, and the names that its terms replaced do not.

Most replaced names are metaphors and may occur nowhere, not even as a part of a snake_case name. Common words
cannot be searched for, so the glossary lists those as the old module path, class or function.
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| `([^`]+)` \| ([^|]*)\|$", re.MULTILINE)
TEXT_FILES = {".py", ".js", ".mjs", ".css", ".html", ".md", ".toml", ".yaml", ".json", ""}
# Changelogs keep history, migrations are never edited, and the others hold what people write or read.
EXCLUDED = re.compile(
    r"^(CHANGELOG\.md|docs/glossary\.md|tests/project/test_glossary\.py|package-lock\.json|data/|locale/"
    r"|language/lexicon/.*\.toml|language/topics\.toml|ads/demo/.*\.toml|tests/ads/demo/prompts/"
    r"|aggregator/training/.*\.toml|tests/language/)|/migrations/"
)
# Stored and wire names, which outlive the code that wrote them.
STORED = {
    "kitchenfit": r'db_table = "aggregator_kitchenfit"',
    "knock": r"turns:knock:",
    "shelf": r"keyword_shelf_start",  # a field of published snapshots
    "wishes": r'STORAGE_KEY = "wishes"',
}


def read_rows() -> list[tuple[str, str, list[str]]]:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    return [(term, where, re.findall(r"`([^`]+)`", old)) for term, _, where, old in ROW.findall(text)]


def list_files() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return [name for name in names.splitlines() if (ROOT / name).is_file()]


def read_texts() -> dict[str, str]:
    names = [name for name in list_files() if Path(name).suffix in TEXT_FILES and not EXCLUDED.search(name)]
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in names}


def test_every_term_names_a_file_that_exists() -> None:
    rows = read_rows()
    assert len(rows) > 60
    assert [(term, where) for term, where, _ in rows if not (ROOT / where).exists()] == []


def test_no_term_is_defined_twice() -> None:
    terms = [term for names, _, _ in read_rows() for term in names.split(", ")]
    assert sorted(term for term in set(terms) if terms.count(term) > 1) == []


def test_no_replaced_path_exists() -> None:
    paths = {old for _, _, olds in read_rows() for old in olds if "/" in old}
    assert sorted(paths & set(list_files())) == []


def test_no_replaced_class_or_function_is_defined() -> None:
    names = [old for _, _, olds in read_rows() for old in olds if " " in old]
    pattern = re.compile(rf"^\s*(?:export )?({'|'.join(names)})\b", re.MULTILINE)
    found = {name: pattern.findall(text) for name, text in read_texts().items()}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_no_replaced_word_occurs() -> None:
    words = {old for _, _, olds in read_rows() for old in olds if "/" not in old and " " not in old}
    assert len(words) > 30
    pattern = re.compile(rf"(?<![a-z])({'|'.join(sorted(words))})(?![a-z])", re.IGNORECASE)
    left = []
    for name, text in read_texts().items():
        for number, line in enumerate(text.splitlines(), start=1):
            for word in pattern.findall(line):
                stored = STORED.get(word.lower())
                if stored is None or not re.search(stored, line):
                    left.append(f"{name}:{number}: {word}")
    assert left == []
