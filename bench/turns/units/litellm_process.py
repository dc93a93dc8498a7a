"""`litellm.acompletion` in a child process that does nothing else: the peer that needs no installation.

Each line of its input holds a load and its prompts as JSON; it answers with a line of measurements.
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
from bench.turns.prompts.source import Prompt
from bench.turns.units.messages import ChatMessages, Message

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"
WARM_UP = [{"role": "user", "content": "What is the tallest tree in the world?"}]


async def serve(base: str) -> None:
    """Run every load that is read and print its measurements."""
    import litellm

    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.callbacks = []
    await _stream(litellm, base, ObservedTurn(), "0", "stamps:2@0", WARM_UP)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    chats = ChatMessages()
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        document = json.loads(line)
        load = Load(**document["load"])
        prompts = [Prompt(**each) for each in document["prompts"]]

        async def ask(chat: int, prompt: Prompt, load: Load = load) -> ObservedTurn:
            shown, messages = ObservedTurn(), chats.build(chat, prompt, load.tokens)
            slots = range(load.panel_size)
            await asyncio.gather(
                *(_stream(litellm, base, shown, str(slot), load.model, messages) for slot in slots)
            )
            return shown

        cpu = time.process_time()
        found = await run_load(load, prompts, ask)
        found.cpu_s = {"litellm": time.process_time() - cpu}
        print(json.dumps({**found.to_json(), "memory": psutil.Process().memory_info().rss}), flush=True)


async def _stream(
    litellm: Any, base: str, shown: ObservedTurn, slot: str, model: str, messages: list[Message]
) -> None:
    stream = await litellm.acompletion(
        model=f"openai/{model}",
        messages=messages,
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
