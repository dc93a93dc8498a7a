"""The kinds of providers at which an admin can have an account, and how their models are called."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """How models of one kind of provider are called; an empty `api_base` is litellm's own."""

    slug: str
    litellm_prefix: str
    api_key_name: str
    api_base: str = ""
    # Where the provider lists its models in OpenAI's format, and the header of the key if it is its own.
    models_base: str = ""
    key_header: str = ""
    # Newer models of some providers accept no other temperature.
    temperature: float = 0.7
    needs_key: bool = True


PROVIDER_KINDS = {
    kind.slug: kind
    for kind in (
        ProviderKind(
            "openai", "openai", "OPENAI_API_KEY", models_base="https://api.openai.com/v1", temperature=1.0
        ),
        ProviderKind(
            "anthropic",
            "anthropic",
            "ANTHROPIC_API_KEY",
            models_base="https://api.anthropic.com/v1",
            key_header="x-api-key",
            temperature=1.0,
        ),
        ProviderKind(
            "gemini",
            "gemini",
            "GEMINI_API_KEY",
            models_base="https://generativelanguage.googleapis.com/v1beta/openai",
            temperature=1.0,
        ),
        ProviderKind("upstage", "openai", "UPSTAGE_API_KEY", "https://api.upstage.ai/v1"),
        ProviderKind(
            "clova", "openai", "CLOVASTUDIO_API_KEY", "https://clovastudio.stream.ntruss.com/v1/openai"
        ),
        ProviderKind(
            "openrouter", "openrouter", "OPENROUTER_API_KEY", models_base="https://openrouter.ai/api/v1"
        ),
        ProviderKind("openai_compatible", "openai", "OPENAI_COMPATIBLE_KEY", needs_key=False),
    )
}


def join_litellm_model(kind: ProviderKind, model_id: str) -> str:
    """Return litellm's name of a model that a provider serves under `model_id`."""
    return f"{kind.litellm_prefix}/{model_id}"


def read_model_id(litellm_model: str) -> str:
    """Return the name under which a provider serves a model."""
    return litellm_model.partition("/")[2]
