"""What is installed is what was looked at."""

import json
import re
import sysconfig
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Known to have carried malware on the package index.
BAD_LITELLM = ("1.82.7", "1.82.8", "1.107.")
# A .pth file runs at every start of Python; these are the test tools' own.
KNOWN_PTH = {"a1_coverage.pth", "distutils-precedence.pth", "_virtualenv.pth"}


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
