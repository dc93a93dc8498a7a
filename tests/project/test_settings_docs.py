"""docs/settings.md lists exactly the environment variables that the project reads."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READS = re.compile(r'read_(?:text|flag|int|list|choice|urls?|networks)\(\s*[\'"]([A-Z][A-Z0-9_]+)[\'"]')
ENVIRONMENT = re.compile(r"os\.(getenv|environ\.get|environ\[[^\]]+\](?! =))")
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)`", re.MULTILINE)


def find_variables() -> set[str]:
    """Return the variables that config reads and the provider keys that the catalog names."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "config").rglob("*.py"))
    catalog = tomllib.loads((ROOT / "aggregator" / "catalog" / "catalog.toml").read_text(encoding="utf-8"))
    keys = {row["api_key_name"] for row in catalog["model"] if row.get("api_key_name")}
    return set(READS.findall(text)) | keys | {"OPENAI_COMPATIBLE_KEY"}


def test_every_variable_is_documented_exactly_once() -> None:
    rows = ROW.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8"))
    assert sorted(rows) == sorted(find_variables())


def test_only_config_reads_the_environment() -> None:
    areas = [ROOT / name for name in ("accounts", "ads", "aggregator", "language", "stack")]
    sources = [path for area in areas for path in area.rglob("*.py")]
    readers = {str(path.relative_to(ROOT)) for path in sources if ENVIRONMENT.search(path.read_text("utf-8"))}
    # Embedding saves and restores the thread count of its library. The installer runs before any package is
    # installed and honours the variables of pip and uv.
    assert readers <= {"language/embed.py", "stack/install/download.py"}
