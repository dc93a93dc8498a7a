"""`litellm.acompletion` in a child process that does nothing else: the peer that needs no installation.

It reads a load as JSON from each line of its input and answers it with a line of measurements.
"""

import asyncio
import gc
import json
import os
import sys
import time
from typing import Any

import psutil

from bench.turns.loads import Load, ObservedTurn, run_load

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"


async def serve(base: str) -> None:
    """Run every load that is read and print its measurements."""
    import litellm

    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.callbacks = []
    await _stream(litellm, base, ObservedTurn(), "0", "stamps:2@0")
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        load = Load(**json.loads(line))

        async def ask(_: int, load: Load = load) -> ObservedTurn:
            shown = ObservedTurn()
            slots = (_stream(litellm, base, shown, str(slot), load.model) for slot in range(load.panel_size))
            await asyncio.gather(*slots)
            return shown

        cpu = time.process_time()
        found = await run_load(load, ask)
        found.cpu_s = {"litellm": time.process_time() - cpu}
        print(json.dumps({**found.to_json(), "memory": psutil.Process().memory_info().rss}), flush=True)


async def _stream(litellm: Any, base: str, shown: ObservedTurn, slot: str, model: str) -> None:
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
            shown.receive_text(slot, text)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
