"""What a bench measured: its figures, the goals they are held to, and the closing line of JSON."""

import json
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Not from config.data_dir, which fixes the data directory when it is imported: benches with stores set it
# later.
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Goal:
    """A value, what it must be and what it should reach; without a value it is missed, and `why` says why."""

    name: str
    value: float | None
    must: float
    reach: float | None = None
    is_floor: bool = False
    why: str = ""

    @property
    def is_met(self) -> bool:
        """Return whether the value was measured and is good enough."""
        if self.value is None:
            return False
        return self.value >= self.must if self.is_floor else self.value <= self.must

    @property
    def sign(self) -> str:
        """Return the direction of the goal."""
        return ">=" if self.is_floor else "<="

    def to_json(self) -> dict[str, Any]:
        """Return the goal as the closing line has it."""
        document: dict[str, Any] = {
            "value": None if self.value is None else round(self.value, 4),
            "must": f"{self.sign} {self.must:g}",
            "ok": self.is_met,
        }
        if self.reach is not None:
            document["reach"] = self.reach
        return document | ({"why": self.why} if self.why else {})

    def to_row(self) -> str:
        """Return the goal as one row of the table."""
        value = "not measured" if self.value is None else f"{self.value:.4g}"
        reach = "" if self.reach is None else f" (reach {self.reach:g})"
        why = f": {self.why}" if self.why else ""
        verdict = "met" if self.is_met else "MISSED"
        return f"{verdict:<7}{self.name:<64}{value:>13}  {self.sign} {self.must:g}{reach}{why}"


class Report:
    """The figures and goals of one bench."""

    def __init__(self, bench: str) -> None:
        self.bench = bench
        self.figures: dict[str, Any] = {}
        self.goals: list[Goal] = []

    def note(self, name: str, value: float) -> None:
        """Record a figure."""
        self.figures[name] = value if isinstance(value, int) else round(float(value), 4)

    def add(self, goal: Goal) -> None:
        """Record a goal that is no figure by itself."""
        self.goals.append(goal)

    def at_least(self, name: str, value: float, must: float) -> None:
        """Record a figure and the goal that it is at least `must`."""
        self.note(name, value)
        self.add(Goal(name, value, must, is_floor=True))

    def at_most(self, name: str, value: float, must: float) -> None:
        """Record a figure and the goal that it is at most `must`."""
        self.note(name, value)
        self.add(Goal(name, value, must))

    def close(self, *, has_table: bool = True) -> None:
        """Print the goals as a table, unless they were printed before, and everything as one line of JSON."""
        if has_table:
            print()
            for goal in self.goals:
                print(f"  {goal.to_row()}")
        print(json.dumps(self.to_json(), ensure_ascii=False))

    def to_json(self) -> dict[str, Any]:
        """Return the document of the closing line."""
        goals = {goal.name: goal.to_json() for goal in self.goals}
        return {"bench": self.bench, "figures": self.figures, "goals": goals}


def bench_parser(description: str | None, *, quick: str) -> ArgumentParser:
    """Return a parser with the options `--data` and `--quick`, which `make bench` passes to every bench."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="recorded data")
    parser.add_argument("--quick", action="store_true", help=quick)
    return parser


def find_ads_folder(data: Path) -> Path:
    """Return the ad sets of a data folder, which may also be given itself."""
    return data / "ads" if (data / "ads").is_dir() else data
