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

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"


async def serve() -> None:
    """Run every load that is read and print what it took."""
    import litellm

    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.callbacks = []
    await _chat(litellm, "openai/tokens:2@0", sys.argv[1])
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        load = json.loads(line)
        cpu = time.process_time()
        chats = await asyncio.gather(*(_ask(litellm, load, place) for place in range(load["chats"])))
        print(
            json.dumps(
                {
                    "cpu_s": time.process_time() - cpu,
                    "memory": psutil.Process().memory_info().rss,
                    "chats": chats,
                }
            ),
            flush=True,
        )


async def _ask(litellm: Any, load: dict[str, Any], place: int) -> dict[str, float]:
    await asyncio.sleep(load["spread_s"] * place / load["chats"])
    began = time.monotonic()
    seats = await asyncio.gather(*(_chat(litellm, f"openai/{name}", sys.argv[1]) for name in load["models"]))
    return {
        "ttft_s": min(first for first, _ in seats) - began,
        "total_s": max(last for _, last in seats) - began,
        "late_s": 0.0,
    }


async def _chat(litellm: Any, model: str, base: str) -> tuple[float, float]:
    stream = await litellm.acompletion(
        model=model,
        messages=[{"role": "user", "content": "hello"}],
        stream=True,
        stream_options={"include_usage": True},
        api_base=base,
        api_key="none",
        max_tokens=4_000,
    )
    first = 0.0
    async for chunk in stream:
        if not first and chunk.choices and chunk.choices[0].delta.content:
            first = time.monotonic()
    return first, time.monotonic()


if __name__ == "__main__":
    asyncio.run(serve())
