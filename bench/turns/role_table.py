"""The goals of a run as one table with a column for each role, first that of `make run`."""

from collections.abc import Iterable

from bench.report import Goal
from bench.turns.harness import ROLES


def format_role_table(goals: Iterable[Goal]) -> list[str]:
    """Return the lines of the table; a goal without a role stands in the first column."""
    rows: dict[str, dict[str, Goal]] = {}
    for goal in goals:
        role = next((role for role in ROLES if role in goal.name.replace(",", " ").split()), ROLES[0])
        name = " ".join(goal.name.replace(f", {role}", "").replace(f"{role}: ", "").split())
        rows.setdefault(name, {})[role] = goal
    heads = [f"{role:>14}" for role in ROLES]
    lines = [f"{'':<84}{''.join(heads)}  must"]
    for name, by_role in rows.items():
        values = "".join(_format_value(by_role.get(role)) for role in ROLES)
        goal = next(iter(by_role.values()))
        lines.append(f"{name:<84}{values}  {goal.sign} {goal.must:g}")
    return lines


def _format_value(goal: Goal | None) -> str:
    if goal is None:
        return f"{'':>14}"
    value = "not measured" if goal.value is None else f"{goal.value:.4g}"
    return f"{value + ('' if goal.is_met else ' !'):>14}"
