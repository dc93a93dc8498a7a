"""One finished call to a provider, as it is stored; processes that only open turns load no more than this."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """One finished call to a provider."""

    call_id: uuid.UUID
    purpose: str
    model: str
    provider: str
    input_tokens: int
    output_tokens: int
    source: str
    cost_micros: int
    candidate: str = ""
    key_id: int | None = None
