"""Only services, storage, selectors and the modules of ALLOWED use the ORM or a cursor."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("aggregator", "ads", "accounts", "config", "stack", "ui")
QUERY_NAMES = {"objects", "_base_manager", "_default_manager", "cursor"}
# The modules, or folders of modules, that may query, with the reason.
ALLOWED = {
    "aggregator/selectors": "reads",
    "aggregator/services": "writes",
    "aggregator/storage": "the statements of turns, past the ORM",
    "aggregator/budgeting/budget.py": "stores the day's price and its history",
    "aggregator/ratings/ratings.py": "reads votes and stores the skills that follow from them",
    "aggregator/admin": "Django's admin queries by itself; actions query what they change",
    "aggregator/management/commands/ask.py": "makes the account that the shell asks as",
    "ads/campaigns": "writes of campaigns, creatives, keywords and members",
    "ads/ledger": "writes of money",
    "ads/events": "writes of impressions, clicks and their invalidation",
    "ads/reporting": "reads",
    "ads/selection/building": "reads what snapshots are built from",
    "ads/selection/jobs": "publishes snapshots, trains click models, stores pacing",
    "ads/selection/serving": "reads overrides and logs auctions beside a decision",
    "ads/demo": "loads the demo market",
    "ads/infra": "sets up roles and deadlines of the database",
    "ads/admin": "Django's admin queries by itself; actions query what they change",
    "accounts/selectors.py": "reads",
    "accounts/services.py": "writes",
    "accounts/second_factor/selectors.py": "reads",
    "accounts/second_factor/services.py": "writes",
    "config/monitoring/views.py": "asks the database whether it is there",
    # Its views still query directly.
    "ads/portal": "pages of the portal",
}


def find_queries(source: str) -> Iterator[int]:
    """Yield the lines that name a manager or open a cursor."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in QUERY_NAMES:
            yield node.lineno


def is_allowed(path: str) -> bool:
    """Return whether a module, or a folder that it is in, may query."""
    return any(path == allowed or path.startswith(f"{allowed}/") for allowed in ALLOWED)


def list_modules() -> Iterator[tuple[str, Path]]:
    """Yield every module of the product that is not a migration."""
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path


def test_only_the_allowed_modules_query_the_database() -> None:
    found = [
        f"{name}:{line}"
        for name, path in list_modules()
        if not is_allowed(name)
        for line in find_queries(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_exception_is_kept_for_a_module_that_no_longer_queries() -> None:
    querying = {name for name, path in list_modules() if any(find_queries(path.read_text(encoding="utf-8")))}
    single_modules = {allowed for allowed in ALLOWED if allowed.endswith(".py")}
    assert single_modules - querying == set()


@pytest.mark.parametrize(
    "source",
    [
        "Turn.objects.get(pk=1)",
        "Turn._base_manager.all()",
        "Turn._default_manager.all()",
        "connection.cursor()",
        "connections['default'].cursor()",
    ],
)
def test_a_planted_query_is_found(source: str) -> None:
    assert list(find_queries(source)) == [1]
