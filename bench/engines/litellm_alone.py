"""The peer that needs no installation: `litellm.acompletion` streams in a process that does nothing else.

Reads one load a line from its input (JSON) and answers each with a line of figures.
"""

import asyncio
import gc
import json
import os
import sys
import time
from typing import Any

import psutil

from bench.engines.loads import Load, Shown, drive

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"


async def serve(base: str) -> None:
    """Run every load that is read and print what it showed."""
    import litellm

    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.callbacks = []
    await _stream(litellm, base, Shown(), "0", "stamps:2@0")
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        load = Load(**json.loads(line))

        async def ask(_: int, load: Load = load) -> Shown:
            shown = Shown()
            seats = (_stream(litellm, base, shown, str(seat), load.model) for seat in range(load.seats))
            await asyncio.gather(*seats)
            return shown

        cpu = time.process_time()
        found = await drive(load, ask)
        found.cpu_s = {"litellm": time.process_time() - cpu}
        print(json.dumps({**found.tell(), "memory": psutil.Process().memory_info().rss}), flush=True)


async def _stream(litellm: Any, base: str, shown: Shown, seat: str, model: str) -> None:
    stream = await litellm.acompletion(
        model=f"openai/{model}",
        messages=[{"role": "user", "content": "hello"}],
        stream=True,
        stream_options={"include_usage": True},
        api_base=f"{base}/v1",
        api_key="none",
        max_tokens=4_000,
    )
    async for chunk in stream:
        if chunk.choices and (text := chunk.choices[0].delta.content):
            shown.hear(seat, text)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
