"""What is installed is what was looked at."""

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
