"""Files, classes and functions stay short enough to read at once."""

import ast
import json
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE_WARNING = 250
SOURCE_LIMIT = 400
TEST_LIMIT = 500
CLASS_LIMIT = 200
FUNCTION_LIMIT = 40
SOURCES = {".py", ".js", ".mjs", ".css", ".html"}
BANNED_NAMES = {"utils", "helpers", "common", "base", "core"}


def list_files() -> list[Path]:
    """List the source files that are or will be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603
    files = [ROOT / name for name in output.splitlines()]
    return [
        path for path in files if path.suffix in SOURCES and path.is_file() and "migrations" not in path.parts
    ]


class LongFileWarning(UserWarning):
    """A source file nears its limit: look for its second subject."""


def count_lines(path: Path) -> int:
    """Count the lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def list_definitions(*kinds: type[ast.stmt]) -> Iterator[tuple[str, str, int]]:
    """List file, name and number of lines of each Python class or function."""
    for path in list_files():
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kinds) and node.end_lineno:
                yield (
                    str(path.relative_to(ROOT)),
                    getattr(node, "name", ""),
                    node.end_lineno - node.lineno + 1,
                )


@pytest.mark.filterwarnings("default::tests.project.test_sizes.LongFileWarning")
def test_no_file_is_longer_than_its_limit() -> None:
    too_long = {}
    for path in list_files():
        name = path.relative_to(ROOT)
        is_test = name.parts[0] == "tests"
        lines = count_lines(path)
        if lines > (TEST_LIMIT if is_test else SOURCE_LIMIT):
            too_long[str(name)] = lines
        elif lines > SOURCE_WARNING and not is_test:
            warnings.warn(f"{name} has {lines} lines", LongFileWarning, stacklevel=1)
    assert too_long == {}


def test_no_function_is_longer_than_its_limit() -> None:
    functions = list_definitions(ast.FunctionDef, ast.AsyncFunctionDef)
    assert [each for each in functions if each[2] > FUNCTION_LIMIT] == []


def test_no_class_is_longer_than_its_limit() -> None:
    classes = list_definitions(ast.ClassDef)
    assert [each for each in classes if each[2] > CLASS_LIMIT] == []


def test_the_linter_holds_javascript_functions_to_the_same_limit() -> None:
    rules = json.loads((ROOT / "biome.json").read_text(encoding="utf-8"))["linter"]["rules"]
    rule = rules["complexity"]["noExcessiveLinesPerFunction"]
    assert rule == {"level": "error", "options": {"maxLines": FUNCTION_LIMIT}}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in list_files() if path.suffix == ".py" and path.stem in BANNED_NAMES] == []
