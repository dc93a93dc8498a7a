"""docs/glossary.md and the code agree: its files exist, and the names that its terms replaced do not.

Most replaced names are metaphors and may occur nowhere, not even as a part of a name. The others are plain or
technical words too: `replaced_words.toml` lists the names that may have them, with the reason.
"""

import io
import re
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| `([^`]+)` \| ([^|]*)\|$", re.MULTILINE)
TEXT_FILES = {".py", ".js", ".mjs", ".css", ".html", ".md", ".toml", ".yaml", ".json", ""}
# Changelogs keep history, migrations are never edited, and the others hold what people write or read.
EXCLUDED = re.compile(
    r"^(CHANGELOG\.md|docs/glossary\.md|tests/project/(test_glossary\.py|replaced_words\.toml)|package-lock\.json"
    r"|data/|locale/|language/lexicon/.*\.toml|language/topics\.toml|ads/demo/.*\.toml|tests/ads/demo/prompts/"
    r"|aggregator/training/.*\.toml|tests/language/|testing/provider/timestamps\.py)"
    r"|/migrations/"
)
WORDS = tomllib.loads(Path(__file__).with_name("replaced_words.toml").read_text(encoding="utf-8"))
CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# What is no code: comments, texts of a page, and strings that are sentences.
NO_SCRIPT_CODE = re.compile(r"/\*.*?\*/|(?<![:\"])//.*?$|\"[^\"\n]* [^\"\n]*\"", re.DOTALL | re.MULTILINE)
NO_TEMPLATE_CODE = re.compile(
    r"\{% (comment|blocktranslate).*?end\1 %\}|\{#.*?#\}|(?<=translate )\"[^\"]*\""
    r"|(?:^|(?<=[>}]))[^<>{}]+(?=[<{])",
    re.DOTALL,
)
NAME = re.compile(r"[A-Za-z_$][\w$-]*")


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


def split_words(text: str) -> str:
    """Return a text with the parts of camelCase names separated like those of snake_case, in lower case."""
    return CAMEL_CASE.sub("_", text).lower()


@cache
def find_names() -> dict[str, str]:
    """Return the names of the code, each with a file that has it; names of tests are left out."""
    names: dict[str, str] = {}
    for file, text in read_texts().items():
        names |= dict.fromkeys(list_names(file, text), file)
    return {name: file for name, file in names.items() if not name.startswith("test_")}


def list_names(file: str, text: str) -> Iterator[str]:
    suffix = Path(file).suffix
    if suffix == ".py":
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        yield from (token.string for token in tokens if token.type == tokenize.NAME)
    elif suffix in {".js", ".mjs", ".css"}:
        yield from NAME.findall(NO_SCRIPT_CODE.sub(" ", text))
    elif suffix == ".html":
        yield from NAME.findall(NO_TEMPLATE_CODE.sub(" ", text))


def has_word(name: str, word: str) -> bool:
    return re.search(rf"(?<![a-z]){word}(?![a-z])", split_words(name)) is not None


def test_no_replaced_word_occurs() -> None:
    olds = {
        split_words(old) for _, _, olds in read_rows() for old in olds if "/" not in old and " " not in old
    }
    words = olds | set(WORDS["nowhere"]) | WORDS["lines"].keys()
    assert len(words) > 80
    pattern = re.compile(rf"(?<![a-z])({'|'.join(sorted(words, key=len, reverse=True))})(?![a-z])")
    allowed = {word: re.compile(entry["matches"]) for word, entry in WORDS["lines"].items()}
    left = [
        f"{name}:{number}: {word}"
        for name, text in read_texts().items()
        for number, line in enumerate(text.splitlines(), start=1)
        for word in pattern.findall(split_words(line))
        if word not in allowed or not allowed[word].search(line)
    ]
    assert left == []


def test_a_common_word_is_in_the_listed_names_only() -> None:
    allowed: dict[str, list[str]] = {word: entry["names"] for word, entry in WORDS["names"].items()}
    allowed |= {word: [] for word in WORDS["no_name"]}
    left = [
        f"{file}: {name}"
        for name, file in find_names().items()
        for word, names in allowed.items()
        if has_word(name, word) and not any(re.fullmatch(each, name) for each in names)
    ]
    assert left == []


def test_every_listed_name_and_line_still_exists() -> None:
    text = "\n".join(read_texts().values())
    lines = [word for word, entry in WORDS["lines"].items() if not re.search(entry["matches"], text)]
    names = [
        each
        for entry in WORDS["names"].values()
        for each in entry["names"]
        if not any(re.fullmatch(each, name) for name in find_names())
    ]
    assert (lines, names) == ([], [])


def test_every_exception_has_a_reason_and_no_word_two() -> None:
    entries = {**WORDS["lines"], **WORDS["names"]}
    assert all(entry["why"] for entry in entries.values()) and all(WORDS["plain"].values())
    words = [*WORDS["no_name"], *WORDS["lines"], *WORDS["names"], *WORDS["plain"]]
    assert sorted(word for word in set(words) if words.count(word) > 1) == []
