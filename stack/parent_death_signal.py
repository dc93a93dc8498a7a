"""Run a program that is killed when its parent process dies, even by SIGKILL (Linux, PR_SET_PDEATHSIG)."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(death_signal: int) -> None:
    """Have the kernel send this process a signal when the thread that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)


def stop_beat_with_worker(**_: object) -> None:
    """Kill an embedded beat process with its worker; a receiver of Celery's `beat_embedded_init` signal."""
    die_with_parent(signal.SIGKILL)


def main() -> None:
    """Exec a program; the arguments are parent pid, death signal, user id or -1, group id, and command."""
    parent, death_signal, user, group = (int(argument) for argument in sys.argv[1:5])
    if user >= 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    # After setuid, which clears it; the parent may have died before it took effect.
    die_with_parent(death_signal)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    os.execv(sys.argv[5], sys.argv[5:])  # noqa: S606


if __name__ == "__main__":
    main()
