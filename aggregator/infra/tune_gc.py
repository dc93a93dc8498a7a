"""How the interpreter is tuned in a process whose one event loop serves everybody."""

import gc
import sys

# A thread that computes hands over after so long; Python's own five milliseconds add up to late tokens.
SWITCH_INTERVAL_SECONDS = 0.001


def tune_gc() -> None:
    """Tune this process for its loop; call it once all is loaded."""
    # What is loaded now stays: the collector need not walk it again, which is most of the tail latency.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
