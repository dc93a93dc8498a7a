"""Profiles of our processes while rows are measured, sampled by py-spy."""

import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path

from testing.site.processes import Site

RATE, LONGEST_S, SHOWN = "100", "3600", 40
# Stopping a process for every sample would change what is measured on a busy machine.
FORMAT = ("-f", "raw", "--nonblocking")
# Where idle threads wait.
IDLE = ("threading.py:", "concurrent/futures/thread.py:81", "selectors.py:", "psycopg_pool/sched.py")


class Profile:
    """A recording of the web process and the worker of a site."""

    def __init__(self, site: Site, folder: Path) -> None:
        program = shutil.which("py-spy")
        if program is None:
            raise RuntimeError("py-spy is not installed")
        self._records: dict[Path, subprocess.Popen[bytes]] = {}
        for part in ("web", "worker"):
            process = site.children[part].process if part in site.children else None
            if process:
                file = folder / f"{site.runner}-{part}.raw"
                words = [program, "record", "-p", str(process.pid), "-r", RATE, "-d", LONGEST_S, *FORMAT]
                quiet = subprocess.DEVNULL
                self._records[file] = subprocess.Popen([*words, "-o", str(file)], stdout=quiet, stderr=quiet)

    def show(self) -> None:
        """End the recording and print the calls with the largest share of samples, callees included."""
        for file, record in self._records.items():
            record.send_signal(signal.SIGINT)
            record.wait(60)
            print(f"\n{file.stem}: share of busy samples, callees included")
            for call, share in busiest(file.read_text(encoding="utf-8")):
                print(f"  {share:6.1%}  {call}")


def busiest(recording: str) -> list[tuple[str, float]]:
    """Return the calls that most samples contain, and their shares; idle threads are left out."""
    samples: Counter[str] = Counter()
    total = 0
    for line in recording.splitlines():
        stack, _, count = line.rpartition(" ")
        calls = stack.split(";")
        if not any(idle in calls[-1] for idle in IDLE):
            total += int(count)
            samples.update(dict.fromkeys(calls, int(count)))
    ours = [(call, count) for call, count in samples.most_common() if "threading.py" not in call]
    return [(call, count / total) for call, count in ours[:SHOWN]]
