"""Run every bench, one after another, and print the goals that were missed: `make bench`."""

import json
import subprocess
import sys

from bench.report import ROOT, bench_parser
from stack.ephemeral_stack import ensure_stack


def main() -> int:
    """Run all benches; return 1 if one fails or misses a goal."""
    options = bench_parser(__doc__, quick="small runs, which prove nothing").parse_args()
    arguments = ["--data", str(options.data), *(["--quick"] if options.quick else [])]
    benches = list_benches()
    with ensure_stack("bench"):
        missed = [goal for name in benches for goal in run_bench(name, arguments)]
    print(f"\n{len(benches)} benches; " + (f"missed: {', '.join(missed)}" if missed else "every goal met"))
    return 1 if missed else 0


def list_benches() -> list[str]:
    """Return the names of the modules and packages of bench/ that can be run."""
    folder = ROOT / "bench"
    modules = [path.stem for path in folder.glob("*.py") if "__main__" in path.read_text(encoding="utf-8")]
    packages = [path.parent.name for path in folder.glob("*/__main__.py")]
    return sorted(set(modules + packages) - {"__main__"})


def run_bench(name: str, arguments: list[str]) -> list[str]:
    """Run one bench and return the goals that it missed."""
    print(f"\n── {name} " + "─" * (76 - len(name)), flush=True)
    last = ""
    with subprocess.Popen(
        [sys.executable, "-m", f"bench.{name}", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
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
