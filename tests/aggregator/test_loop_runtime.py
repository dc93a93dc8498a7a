"""Each event loop has its own object, which is created at first use and closed with the loop's resources."""

import asyncio

from aggregator.infra.loop_runtime import per_loop


class Resource:
    """Something that is bound to the event loop in which it was created."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.is_closed = False

    async def close(self) -> None:
        """Release it."""
        self.is_closed = True


def test_every_loop_gets_its_own_object_and_always_the_same() -> None:
    resource = per_loop(Resource, Resource.close)

    async def use() -> Resource:
        assert resource() is resource()
        assert resource().loop is asyncio.get_running_loop()
        return resource()

    assert asyncio.run(use()) is not asyncio.run(use())


async def test_closing_closes_the_object_once_and_the_next_call_creates_another() -> None:
    resource = per_loop(Resource, Resource.close)
    await resource.close()
    first = resource()
    await resource.close()
    assert first.is_closed
    assert resource() is not first
    assert not resource().is_closed
