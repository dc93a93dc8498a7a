"""Garbage collector and thread settings for a process with one busy event loop."""

import gc
import sys

# How long a computing thread keeps the interpreter lock; Python's default of 5 ms delays tokens.
SWITCH_INTERVAL_SECONDS = 0.001


def tune_gc() -> None:
    """Apply the settings to this process; call it after all modules are loaded."""
    # Loaded modules stay for good; collecting them again is most of the tail latency.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
