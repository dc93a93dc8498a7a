"""Nothing grows past what one can read at a sitting."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE_LIMIT = 400
TEST_LIMIT = 500
FUNCTION_LIMIT = 40
SOURCES = {".py", ".js", ".mjs", ".css", ".html"}
BANNED_NAMES = {"utils", "helpers", "common", "base", "core"}


def list_files() -> list[Path]:
    """List every file of ours that is or will be committed."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603
    files = [ROOT / name for name in said.splitlines()]
    return [
        path for path in files if path.suffix in SOURCES and path.is_file() and "migrations" not in path.parts
    ]


def test_no_file_is_longer_than_its_limit() -> None:
    too_long = {}
    for path in list_files():
        name = path.relative_to(ROOT)
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > (TEST_LIMIT if name.parts[0] == "tests" else SOURCE_LIMIT):
            too_long[str(name)] = lines
    assert too_long == {}


def test_no_function_is_longer_than_its_limit() -> None:
    too_long = {}
    for path in list_files():
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                lines = node.end_lineno - node.lineno + 1
                if lines > FUNCTION_LIMIT:
                    too_long[f"{path.relative_to(ROOT)}:{node.name}"] = lines
    assert too_long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in list_files() if path.suffix == ".py" and path.stem in BANNED_NAMES] == []
