"""Waits for the turns that run on the event loop of a test or a bench."""

import asyncio

from aggregator.execution.runner import list_running_tasks


async def wait_for_turns() -> None:
    """Wait until every turn begun on the running event loop has ended."""
    while tasks := list_running_tasks():
        await asyncio.wait(tasks)
