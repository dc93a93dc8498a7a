"""The pages of docs/ say what the code does."""

import re
from dataclasses import fields
from pathlib import Path

from aggregator.domain.events import EVENTS
from aggregator.pipeline.ranking.rank import REASONS
from aggregator.providers.errors import ProviderError
from bench.__main__ import list_benches

ROOT = Path(__file__).resolve().parent.parent.parent
ROW = re.compile(r"^\| `([a-z_]+)` \| (.*?) \|", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def read(name: str) -> str:
    """Return a page of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_event_is_documented_with_its_fields() -> None:
    table = read("docs/events.md").split("## Reasons")[0]
    observed = {kind: re.findall(r"`(\w+)`", names) for kind, names in ROW.findall(table)}
    known = {kind: [field.name for field in fields(event)] for kind, event in EVENTS.items()}
    assert observed == known


def test_every_stage_is_in_the_tour_of_a_turn() -> None:
    text = read("docs/turn.md")
    stages = [path.parent.name for path in (ROOT / "aggregator" / "pipeline").glob("*/__init__.py")]
    assert [name for name in stages if f"`aggregator/pipeline/{name}/" not in text] == []


def test_every_bench_is_documented() -> None:
    text = read("docs/benchmarks.md")
    assert [name for name in list_benches() if f"`bench.{name}`" not in text] == []


def test_every_ranking_reason_is_documented() -> None:
    text = read("docs/events.md")
    assert [reason for reason in REASONS if f"`{reason}`" not in text] == []


def test_every_code_that_a_candidate_can_fail_with_has_words_on_the_page() -> None:
    messages = read("templates/aggregator/messages/_turn.html")
    codes = {error.code for error in _tree(ProviderError)} - {"failed"}
    assert sorted(code for code in codes if f'"error.{code}"' not in messages) == []


def _tree(error: type[ProviderError]) -> list[type[ProviderError]]:
    return [error, *(below for child in error.__subclasses__() for below in _tree(child))]


def test_no_link_between_pages_is_broken() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_file_that_a_recipe_of_contributing_names_exists() -> None:
    recipes = read("CONTRIBUTING.md").split("## Where do I put")[1]
    names = {name for name in re.findall(r"`([\w.-]+/[\w./-]+)`", recipes) if not re.search("[A-Z]{3}", name)}
    folders = (ROOT, ROOT / "aggregator")
    assert sorted(name for name in names if not any((folder / name).exists() for folder in folders)) == []


def test_every_file_that_the_tour_of_a_turn_names_exists() -> None:
    names = set(
        re.findall(r"`((?:aggregator|static|language|ads|accounts|templates)/[\w./]+)`", read("docs/turn.md"))
    )
    assert sorted(name for name in names if not (ROOT / name).exists()) == []
