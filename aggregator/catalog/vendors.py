"""The vendor of a model, from its name."""

import re

_FAMILIES = {
    "gpt": "openai", "chatgpt": "openai", "o": "openai", "claude": "anthropic", "gemini": "google",
    "gemma": "google", "llama": "meta", "codellama": "meta", "qwen": "alibaba", "qwq": "alibaba",
    "deepseek": "deepseek", "mistral": "mistral", "mixtral": "mistral", "codestral": "mistral",
    "phi": "microsoft",
    "nova": "amazon", "grok": "xai", "command": "cohere", "solar": "upstage", "hyperclova": "naver",
    "exaone": "lg",
}  # fmt: skip
_TITLES = {"openai": "OpenAI", "deepseek": "DeepSeek", "xai": "xAI", "lg": "LG", "naver": "NAVER"}


def detect_vendor(model: str) -> str:
    """Return a model's vendor by its family name, or its first word when the family is not known."""
    words = re.findall(r"[a-z]+", model.lower().removeprefix("meta-"))
    return next((_FAMILIES[word] for word in words if word in _FAMILIES), words[0] if words else model)


def format_vendor(model: str) -> str:
    """Return the display name of a model's vendor."""
    vendor = detect_vendor(model)
    return _TITLES.get(vendor, vendor.title())
