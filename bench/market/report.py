"""A bench's last line: its figures and the goals they are held against."""

import json


class Report:
    """Collects figures and goals and prints them at the end."""

    def __init__(self, bench: str) -> None:
        self.bench = bench
        self.figures: dict[str, float | int | str] = {}
        self.goals: dict[str, dict[str, object]] = {}

    def note(self, name: str, value: float) -> None:
        """Keep a figure."""
        self.figures[name] = round(value, 4)

    def at_least(self, name: str, value: float, least: float) -> None:
        """Hold a figure against the least it must be."""
        self.note(name, value)
        self.goals[name] = {"value": round(value, 4), "must": f">= {least:g}", "ok": bool(value >= least)}

    def at_most(self, name: str, value: float, most: float) -> None:
        """Hold a figure against the most it may be."""
        self.note(name, value)
        self.goals[name] = {"value": round(value, 4), "must": f"<= {most:g}", "ok": bool(value <= most)}

    def close(self) -> None:
        """Print the goals, then everything in one line of JSON."""
        print()
        for name, goal in self.goals.items():
            print(
                f"  {'ok   ' if goal['ok'] else 'SHORT'} {name:<44} {goal['value']:>12} must {goal['must']}"
            )
        print(json.dumps({"bench": self.bench, "figures": self.figures, "goals": self.goals}))
