"""Spooled events are settled once, even if a settlement is interrupted."""

import datetime
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.utils import timezone

from ads.events.spool import Spool, SpooledEvent
from ads.events.spool_settlement import settle_events
from ads.models import Impression, RejectedEvent
from testing.ads.inventory import make_ad, make_offer

pytestmark = pytest.mark.django_db


def test_rejected_events_are_counted_once_however_often_they_are_settled(tmp_path: Path) -> None:
    creative = make_ad()
    clicked, seen = make_offer(creative, seen=False), make_offer(creative, seen=False)
    moment = timezone.now()
    spool = Spool(tmp_path)
    spool.append([SpooledEvent("look", seen.id, moment, "", "")])
    for seconds in range(3):
        at = moment + datetime.timedelta(seconds=seconds)
        spool.append([SpooledEvent("refused_click", clicked.id, at, "", "robot")])
    spool.append([SpooledEvent("refused_look", clicked.id, moment, "", "prefetch")])

    def settle_and_end(events: Sequence[SpooledEvent]) -> None:
        settle_events(events)
        raise ConnectionError("killed before the file was forgotten")

    for _ in range(2):
        with pytest.raises(ConnectionError):
            spool.settle(settle_and_end)
    assert spool.settle(settle_events) == 5
    counted = {(row.kind, row.reason): row.visits for row in RejectedEvent.objects.all()}
    assert counted == {("click", "robot"): 3, ("look", "prefetch"): 1}
    assert Impression.objects.filter(offer=seen).count() == 1


def test_events_spooled_later_are_counted_too(tmp_path: Path) -> None:
    offer = make_offer()
    moment = timezone.now()
    spool = Spool(tmp_path)
    for seconds in range(3):
        at = moment + datetime.timedelta(seconds=seconds)
        spool.append([SpooledEvent("refused_click", offer.id, at, "", "robot")])
        spool.settle(settle_events)
    assert RejectedEvent.objects.get().visits == 3
