"""A provider's stream is read at ticks, and at once when it has ended."""

import asyncio

from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol

from aggregator.infra.flush_scheduler import get_flush_scheduler
from aggregator.providers.fast_path import ReadPacer


def make_content() -> StreamReader:
    loop = asyncio.get_running_loop()
    return StreamReader(BaseProtocol(loop), 2**16, loop=loop)


async def test_a_running_stream_is_read_at_the_common_tick() -> None:
    content = make_content()
    reading = asyncio.create_task(ReadPacer(content).wait())
    await asyncio.sleep(0)
    tick = get_flush_scheduler().wait_tick()
    content.feed_data(b"data: 1\n\n")
    await asyncio.sleep(0)
    assert not reading.done()
    await asyncio.wait_for(asyncio.gather(tick, reading), 5)


async def test_an_ended_stream_does_not_wait_for_a_tick() -> None:
    content = make_content()
    pacer = ReadPacer(content)
    reading = asyncio.create_task(pacer.wait())
    await asyncio.sleep(0)
    tick = get_flush_scheduler().wait_tick()
    content.feed_eof()
    await reading
    await pacer.wait()
    assert not tick.done()
