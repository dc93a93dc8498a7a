"""The translated labels of the reasons for which clicks and impressions are invalid."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASON_LABELS: dict[str, Promise] = {
    "head": _("내용 없이 주소만 확인함"),
    "prefetch": _("브라우저가 미리 가져옴"),
    "robot": _("로봇"),
    "again": _("같은 광고를 다시 누름"),
    "too_fast": _("사람보다 빠름"),
    "not_seen": _("광고를 보지 않고 누름"),
    "look_invalid": _("제대로 보지 않고 누름"),
    "house": _("짬뽕 안에서 누름"),
    "datacenter": _("데이터센터에서 누름"),
    "own_address": _("광고주 자신이 누름"),
    "repeat": _("30분 안에 다시 누름"),
    "busy_person": _("한 사람이 1분에 너무 많이 누름"),
    "busy_network": _("한 네트워크에서 1분에 너무 많이 누름"),
    "expired": _("오래된 링크"),
    "too_late": _("하루 넘게 늦게 알려짐"),
    "burst_person": _("한 사람이 몰아서 누름"),
    "burst_network": _("한 네트워크에서 몰아서 누름"),
    "regular_person": _("기계처럼 고르게 누름"),
    "regular_network": _("한 네트워크에서 기계처럼 고르게 누름"),
    "operator": _("운영자가 살펴보고 돌려줌"),
}


def label_reason(reason: str) -> str:
    """Return the label of a reason, or the reason itself when it has none."""
    return str(REASON_LABELS.get(reason, reason))
