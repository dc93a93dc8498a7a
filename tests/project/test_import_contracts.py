"""The import contracts of pyproject.toml hold, and each of them detects a planted violation.

The violations are planted into a tree of empty packages that has the names which the contracts mention.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
IMPORT_LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
ROOT_PACKAGES = set(IMPORT_LINTER["root_packages"])
BROKEN = re.compile(r"^(.+) BROKEN\b", re.MULTILINE)
Contract = dict[str, Any]


def read_contracts() -> list[Contract]:
    contracts: list[Contract] = IMPORT_LINTER["contracts"]
    return contracts


def split_layer(layer: str) -> list[str]:
    return [name.strip(" ()") for name in re.split(r"[|:]", layer)]


def list_modules(contract: Contract) -> list[str]:
    """Return every module that a contract names, layers in their order."""
    names = [name for layer in contract.get("layers", []) for name in split_layer(layer)]
    if containers := contract.get("containers"):
        return [f"{container}.{name}" for container in containers for name in names]
    names += [
        name for key in ("source_modules", "forbidden_modules", "modules") for name in contract.get(key, [])
    ]
    return [name for name in names if name.partition(".")[0] in ROOT_PACKAGES]


def run_lint_imports(folder: Path) -> str:
    program = Path(sys.executable).with_name("lint-imports")
    # Wide enough that no contract's name is wrapped.
    environment = os.environ | {"COLUMNS": "300"}
    done = subprocess.run(  # noqa: S603
        [str(program), "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """A tree of empty packages under the contracts of the project, with the imports that these allow."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    contracts = read_contracts()
    for module in {*ROOT_PACKAGES, *(name for contract in contracts for name in list_modules(contract))}:
        make_package(tmp_path, module)
    for exception in (line for contract in contracts for line in contract.get("ignore_imports", ())):
        importer, imported = (re.sub(r"\*+", "allowed", name.strip()) for name in exception.split("->"))
        if imported.partition(".")[0] in ROOT_PACKAGES:
            make_package(tmp_path, imported)
        with (make_package(tmp_path, importer) / "__init__.py").open("a", encoding="ascii") as file:
            file.write(f"import {imported}\n")
    return tmp_path


def make_package(tree: Path, name: str) -> Path:
    """Create a package and its parents, and return its folder."""
    folder = tree
    for part in name.split("."):
        folder /= part
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    return folder


def plant(tree: Path, package: str, imported: str, name: str) -> None:
    """Add a module to a package, or to the lowest layer of a container, that imports another one."""
    for contract in read_contracts():
        if package in contract.get("containers", ()):
            package = list_modules(contract)[-1]
    path = tree.joinpath(*package.split("."), f"{name}.py")
    path.write_text(f"import {imported}\n", encoding="ascii")


def test_the_contracts_hold() -> None:
    output = run_lint_imports(ROOT)
    assert re.search(r"Contracts: \d+ kept, 0 broken", output), output


def test_a_tree_without_violations_keeps_every_contract(skeleton: Path) -> None:
    output = run_lint_imports(skeleton)
    assert f"Contracts: {len(read_contracts())} kept, 0 broken" in output, output


def test_a_forbidden_import_breaks_its_contract(skeleton: Path) -> None:
    contracts = read_contracts()
    for number, contract in enumerate(contracts):
        modules = list_modules(contract)
        lowest, highest = modules[-1], modules[0]
        if contract["type"] == "forbidden":
            lowest, highest = contract["source_modules"][0], contract["forbidden_modules"][0]
        plant(skeleton, lowest, highest, f"planted_{number}")
    output = run_lint_imports(skeleton)
    assert sorted(BROKEN.findall(output)) == sorted(contract["name"] for contract in contracts), output
    undetected = [n for n in range(len(contracts)) if not re.search(rf"planted_{n}\b", output)]
    assert undetected == [], output


def test_a_module_without_a_layer_breaks_its_contract(skeleton: Path) -> None:
    exhaustive = [contract for contract in read_contracts() if contract.get("exhaustive")]
    for contract in exhaustive:
        for container in contract["containers"]:
            skeleton.joinpath(*container.split("."), "unplaced.py").touch()
    output = run_lint_imports(skeleton)
    assert sorted(BROKEN.findall(output)) == sorted(contract["name"] for contract in exhaustive), output
    assert output.count("unplaced") >= len(exhaustive)
