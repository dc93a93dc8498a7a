"""`make bench`: run every file of bench/, one after the other, and say in the end which goals were met."""

import json
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

from config.home import ROOT
from config.stack.session import ensure_stack


def main() -> int:
    """Run all; 1 when one fails or misses a goal."""
    parser = ArgumentParser()
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--quick", action="store_true")
    wishes = parser.parse_args()
    options = {"--data": [wishes.data], **({"--quick": []} if wishes.quick else {})}
    files = [path for path in sorted((ROOT / "bench").glob("*.py")) if not path.name.startswith("_")]
    with ensure_stack("bench"):
        missed = [name for path in files for name in run_bench(path, options)]
    print(f"\n{len(files)} benches; " + (f"missed: {', '.join(missed)}" if missed else "every goal met"))  # noqa: T201
    return 1 if missed else 0


def run_bench(path: Path, options: dict[str, list[str]]) -> list[str]:
    """Run one bench with the options that it takes; return what it missed."""
    module = f"bench.{path.stem}"
    print(f"\n── {path.stem} " + "─" * (76 - len(path.stem)), flush=True)  # noqa: T201
    takes = path.read_text(encoding="utf-8")
    words = [word for name, values in options.items() if f'"{name}"' in takes for word in (name, *values)]
    last = ""
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", module, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as bench:
        for line in bench.stdout or ():
            print(line, end="", flush=True)  # noqa: T201
            last = line.strip() or last
    if bench.returncode != 0:
        return [f"{path.stem} (exit code {bench.returncode})"]
    try:
        goals = json.loads(last)["goals"]
    except (ValueError, KeyError, TypeError):
        return [f"{path.stem} (no closing line)"]
    return [f"{path.stem}.{name}" for name, goal in goals.items() if not goal["ok"]]


if __name__ == "__main__":
    sys.exit(main())
