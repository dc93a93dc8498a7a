"""The random generator of each thread; creating one for each request would cost more than all its draws."""

import os
import threading

import numpy as np


class _ThreadRandom(threading.local):
    def __init__(self) -> None:
        self.random = np.random.default_rng()


_thread_random = _ThreadRandom()
# A forked process must not repeat the draws of its parent.
os.register_at_fork(after_in_child=lambda: setattr(_thread_random, "random", np.random.default_rng()))


def thread_random() -> np.random.Generator:
    """Return this thread's random generator."""
    return _thread_random.random
