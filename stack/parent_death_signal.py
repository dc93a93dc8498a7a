"""Start another program so that it ends when whoever started it ends, even by kill -9."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(death_signal: int) -> None:
    """Have the kernel send this process a signal when the thread that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)


def main() -> None:
    """Take parent's pid, signal on its death, user id or -1, group id, then the program and its words."""
    parent, death_signal, user, group = (int(word) for word in sys.argv[1:5])
    if user >= 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    # After the change of user, which clears it; the parent may have died before it took effect.
    die_with_parent(death_signal)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    os.execv(sys.argv[5], sys.argv[5:])  # noqa: S606


if __name__ == "__main__":
    main()


def stop_beat_with_worker(**_: object) -> None:
    """End the beat process that a worker embeds together with the worker; Celery calls it there."""
    die_with_parent(signal.SIGKILL)
