"""When a provider's stream is looked at: at ticks, and at once when it has ended."""

import asyncio

from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol

from aggregator.infra.flush_scheduler import get_flush_scheduler
from aggregator.providers.fast_path import ReadPacer


def make_content() -> StreamReader:
    loop = asyncio.get_running_loop()
    return StreamReader(BaseProtocol(loop), 2**16, loop=loop)


async def test_a_stream_that_goes_on_is_looked_at_with_all_others() -> None:
    content = make_content()
    looking = asyncio.create_task(ReadPacer(content).next())
    await asyncio.sleep(0)
    tick = get_flush_scheduler().wait_tick()
    content.feed_data(b"data: 1\n\n")
    await asyncio.sleep(0)
    assert not looking.done()
    await asyncio.wait_for(asyncio.gather(tick, looking), 5)


async def test_a_stream_that_ends_waits_for_no_tick() -> None:
    content = make_content()
    pacer = ReadPacer(content)
    looking = asyncio.create_task(pacer.next())
    await asyncio.sleep(0)
    tick = get_flush_scheduler().wait_tick()
    content.feed_eof()
    await looking
    await pacer.next()
    assert not tick.done()
