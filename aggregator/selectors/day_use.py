"""How many turns a person has opened today, and how many more they may."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from aggregator.models import DayCount


@dataclass(frozen=True, slots=True)
class DayUse:
    """The turns of a day: opened so far, and the most that may be."""

    used: int
    limit: int
    is_guest: bool

    @property
    def left(self) -> int:
        """How many more may be opened today."""
        return max(0, self.limit - self.used)


def read_day_use(person: AbstractBaseUser | None) -> DayUse:
    """Return a person's use of today; None is a guest who has asked nothing yet."""
    used = 0
    if person is not None:
        counts = DayCount.objects.filter(person=person.pk, day=timezone.localdate())
        used = counts.values_list("opened", flat=True).first() or 0
    return DayUse(used, read_day_limit(person), _is_guest(person))


def read_day_limit(person: AbstractBaseUser | None) -> int:
    """Return how many turns a person may open a day."""
    return int(settings.GUEST_TURNS_PER_DAY if _is_guest(person) else settings.ACCOUNT_TURNS_PER_DAY)


def _is_guest(person: AbstractBaseUser | None) -> bool:
    return person is None or bool(getattr(person, "is_guest", False))
