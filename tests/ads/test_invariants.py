"""The invariants table of docs/ad.md names tests that exist."""

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROW = re.compile(r"^\| (INV-\d+) \| .+ \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w./]+\.py)::(test_\w+)`")
BENCH = re.compile(r"`bench\.(\w+)`")


def test_every_invariant_is_held_by_a_test_that_exists() -> None:
    page = (HERE.parents[1] / "docs" / "ad.md").read_text(encoding="utf-8")
    rows = dict(ROW.findall(page))
    assert list(rows) == [f"INV-{number}" for number in range(1, 13)]
    missing = []
    for invariant, tests in rows.items():
        named = NAMED.findall(tests)
        assert named, invariant
        for file, name in named:
            if f"def {name}(" not in (HERE / file).read_text(encoding="utf-8"):
                missing.append(f"{file}::{name}")
        missing += [
            each for each in BENCH.findall(tests) if not (HERE.parents[1] / "bench" / f"{each}.py").exists()
        ]
    assert missing == []
