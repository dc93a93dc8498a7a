"""Conversations that go on where somebody's public copy ends."""

from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from aggregator.domain.calendar_day import start_of_day
from aggregator.models import Conversation, Share
from aggregator.services.refusal import Refusal

# The models are sent no more than fits anyway, and the page shows them all at once.
MAX_EXCHANGES: Final = 60
# A conversation holds the text of the copy, so that a person cannot begin any number of them.
COPIES_PER_DAY: Final = 100


def continue_copy(*, share: Share, person: AbstractBaseUser) -> Conversation:
    """Return a conversation of the person that begins with the copy's latest exchanges; raises Refusal.

    One that the person has begun like this and not used yet is returned again.
    """
    exchanges = [[turn["prompt"], turn["answer"]] for turn in share.turns[-MAX_EXCHANGES:]]
    own = Conversation.objects.filter(owner_id=person.pk, origin=Conversation.Origin.PAGE)
    unused = own.filter(turns=None, given_history=exchanges).first()
    if unused:
        return unused
    begun_today = own.filter(created_at__gte=start_of_day()).exclude(given_history=[])
    if begun_today.count() >= COPIES_PER_DAY:
        raise Refusal("copies_reached")
    return Conversation.objects.create(
        owner_id=person.pk,
        title=share.title,
        given_history=exchanges,
        is_sensitive=share.conversation.is_sensitive,
        origin=Conversation.Origin.PAGE,
        updated_at=timezone.now(),
    )
