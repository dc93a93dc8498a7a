"""The pools of models that vote together: reference pools of known sets, else the best and middle models."""

from aggregator.catalog.vendors import detect_vendor
from aggregator.pipeline.routing.plan_options import MAX_PER_VENDOR
from aggregator.training.recordings import RecordedSet

_MATHS = (
    "gpt-4o-mini-2024-07-18", "gemini-1.5-flash", "claude-3-haiku-20240307", "Meta-Llama-3.1-70B-Instruct",
    "gpt-4o-2024-08-06", "claude-3-5-sonnet-20241022",
)  # fmt: skip
_CLICK_TOP = ("claude-sonnet-4-5-2025-12-10", "gpt-5.2-2025-12-11")
REFERENCE: dict[str, dict[str, tuple[str, ...]]] = {
    "gsm8k": {"9": (*_MATHS, "deepseek-chat", "Meta-Llama-3.1-8B-Instruct", "Mistral-Nemo-Instruct-2407")},
    "math_l5": {"9": (*_MATHS, "deepseek-v2.5-0908", "Qwen2.5-7B-Instruct", "Qwen2.5-32B-Instruct")},
    "crux": {"9": (*_MATHS, "deepseek-v2.5-0908", "Qwen2.5-7B-Instruct", "Qwen2.5-32B-Instruct")},
    "click": {
        "5": (*_CLICK_TOP, "gpt-5-mini-2025-08-08", "gpt-4o-240513", "gpt-4.1-2025-04-14"),
        "5 cheap": (
            "gpt-4.1-mini-2025-04-14", "gpt-4o-mini-240718", "gpt-5-nano-2025-08-08", "qwen3-next-2025-12-10",
            "nova-2-lite-medium-2025-12-13",
        ),
        "9 no reasoning": (
            *_CLICK_TOP, "gpt-5-chat-2025-08-08", "gpt-4o-240513", "gpt-4.1-2025-04-14",
            "gpt-4.1-mini-2025-04-14", "nova-2-pro-2025-12-11", "qwen3-next-2025-12-10", "phi-4",
        ),
        "12 reasoning": (
            _CLICK_TOP[0], "gpt-5.2(medium)-2025-12-11", "gpt-51-medium-2025-11-13", "gpt-5-mini-2025-08-08",
            "gpt-5-nano-2025-08-08", "gpt-5-chat-2025-08-08", "gpt-4o-240513", "gpt-4.1-2025-04-14",
            "gpt-4.1-mini-2025-04-14", "nova-2-pro-medium-2025-12-11", "qwen3-next-2025-12-10", "phi-4",
        ),
    },
    "kmmlu": {
        "8 no reasoning": (
            "gpt-4-turbo-240409-5shot", "gpt-4.1-2025-04-14", "gpt-4.1-mini-2025-04-14",
            "gpt-4o-240513-5shot", "gpt-4o-mini-240718-5shot", "gpt-5-chat-2025-08-08-0shot",
            "gpt-5.1-2025-11-13-0shot", "phi-4-0shot",
        ),
        "6 reasoning": (
            "gpt-51-medium-2025-11-13-0shot", "gpt-5-mini-2025-08-08-0shot", "gpt-5-nano-2025-08-08-0shot",
            "gpt-5-chat-2025-08-08-0shot", "gpt-4.1-2025-04-14", "gpt-4o-240513-5shot",
        ),
    },
}  # fmt: skip


def _by_vendor(models: list[str], size: int) -> tuple[str, ...]:
    chosen: list[str] = []
    for model in models:
        if [detect_vendor(other) for other in chosen].count(detect_vendor(model)) < MAX_PER_VENDOR:
            chosen.append(model)
    return tuple(chosen[:size])


def list_pools(recorded: RecordedSet) -> dict[str, tuple[str, ...]]:
    """Return a set's pools by name: the reference pools, or the eight best and the middle five models."""
    known = {
        name: pool
        for name, pool in REFERENCE.get(recorded.name, {}).items()
        if set(pool) <= set(recorded.models)
    }
    if known:
        return known
    scores = recorded.responses(recorded.models).score_models()
    order = [model for _, model in sorted(zip(-scores, recorded.models, strict=True))]
    pools = {"8 best": _by_vendor(order, 8), "5 middle": _by_vendor(order[len(order) // 4 :], 5)}
    return {name: pool for name, pool in pools.items() if len(pool) >= 3}
