"""docs/settings.md names every variable that the project reads, and none that it does not."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READS = re.compile(r'read_(?:text|flag|int|list|choice|url|networks)\(\s*[\'"]([A-Z][A-Z0-9_]+)[\'"]')
ENVIRONMENT = re.compile(r"os\.(getenv|environ\.get|environ\[[^\]]+\](?! =))")
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)`", re.MULTILINE)


def find_read() -> set[str]:
    """Collect the variables that config reads and the keys that the catalog names."""
    sources = [path for folder in ("config", "stack") for path in (ROOT / folder).rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    catalog = tomllib.loads((ROOT / "aggregator" / "catalog" / "catalog.toml").read_text(encoding="utf-8"))
    keys = {row["api_key_name"] for row in catalog["model"] if row.get("api_key_name")}
    return set(READS.findall(text)) | keys | {"OPENAI_COMPATIBLE_KEY"}


def test_every_variable_is_documented_once_and_none_is_made_up() -> None:
    rows = ROW.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8"))
    assert sorted(rows) == sorted(find_read())


def test_only_config_reads_the_environment() -> None:
    areas = [ROOT / name for name in ("accounts", "ads", "aggregator", "language")]
    sources = [path for area in areas for path in area.rglob("*.py")]
    readers = {str(path.relative_to(ROOT)) for path in sources if ENVIRONMENT.search(path.read_text("utf-8"))}
    # Embedding reads how many threads its library was told to use, to put it back as it was.
    assert readers <= {"language/embed.py"}
