"""Lets a process that nobody waits for leave the processor to others."""

import os

_NICENESS = 10


def yield_processor() -> None:
    """Give this process a low priority."""
    os.nice(_NICENESS)
