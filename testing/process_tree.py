"""Processor time and affinity of a process with all its descendants."""

import os

import psutil


def list_tree(pid: int) -> list[psutil.Process]:
    """Return a process and all its descendants."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def tree_cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process tree."""
    times = [process.cpu_times() for process in list_tree(pid)]
    return sum(each.user + each.system for each in times)


def pin_tree(pid: int, core: int) -> None:
    """Bind all present threads of a process tree to one processor."""
    for process in list_tree(pid):
        for thread in process.threads():
            os.sched_setaffinity(thread.id, {core})
