"""Who waits for a model: the share of its permits that a guest, an account or an account's programs have."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Person:
    """One of those that share a model's permits; twice the weight gets twice the permits."""

    name: str = ""
    weight: float = 1.0


NOBODY = Person()


def identify_person(owner_id: int, *, is_guest: bool, is_program: bool) -> Person:
    """Return who a turn waits for models as; all API keys of an account wait as one."""
    if is_program:
        return Person(f"key:{owner_id}", settings.MODEL_SHARE_KEY)
    weight = settings.MODEL_SHARE_GUEST if is_guest else settings.MODEL_SHARE_ACCOUNT
    return Person(f"user:{owner_id}", weight)
