"""`make bench`: run every bench, one after the other, and report in the end which goals were met."""

import json
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

from config.data_dir import ROOT
from stack.ephemeral_stack import ensure_stack


def main() -> int:
    """Run all; 1 when one fails or misses a goal."""
    parser = ArgumentParser()
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    options = {"--data": [arguments.data], **({"--quick": []} if arguments.quick else {})}
    benches = list_benches()
    with ensure_stack("bench"):
        missed = [goal for name, path in benches.items() for goal in run_bench(name, path, options)]
    print(f"\n{len(benches)} benches; " + (f"missed: {', '.join(missed)}" if missed else "every goal met"))
    return 1 if missed else 0


def list_benches() -> dict[str, Path]:
    """Return each bench by its name: the modules of bench/ and its packages that can be run."""
    folder = ROOT / "bench"
    modules = {path.stem: path for path in folder.glob("*.py") if not path.name.startswith("_")}
    packages = {path.parent.name: path for path in folder.glob("*/__main__.py")}
    return dict(sorted((modules | packages).items()))


def run_bench(name: str, path: Path, options: dict[str, list[str]]) -> list[str]:
    """Run one bench with the options that it takes; return the goals that it missed."""
    module = f"bench.{name}"
    print(f"\n── {name} " + "─" * (76 - len(name)), flush=True)
    takes = path.read_text(encoding="utf-8")
    words = [word for name, values in options.items() if f'"{name}"' in takes for word in (name, *values)]
    last = ""
    with subprocess.Popen(
        [sys.executable, "-m", module, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as bench:
        for line in bench.stdout or ():
            print(line, end="", flush=True)
            last = line.strip() or last
    if bench.returncode != 0:
        return [f"{name} (exit code {bench.returncode})"]
    try:
        goals = json.loads(last)["goals"]
    except (ValueError, KeyError, TypeError):
        return [f"{name} (no closing line)"]
    return [f"{name}.{key}" for key, goal in goals.items() if not goal["ok"]]


if __name__ == "__main__":
    sys.exit(main())
