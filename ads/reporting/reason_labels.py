"""The translated labels of the reasons for which clicks and impressions are invalid."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ads.domain.invalid_reasons import InvalidReason

REASON_LABELS: dict[str, Promise] = {
    InvalidReason.HEAD: _("내용 없이 주소만 확인함"),
    InvalidReason.PREFETCH: _("브라우저가 미리 가져옴"),
    InvalidReason.ROBOT: _("로봇"),
    InvalidReason.DUPLICATE: _("같은 광고를 다시 누름"),
    InvalidReason.TOO_FAST: _("사람보다 빠름"),
    InvalidReason.NOT_SEEN: _("광고를 보지 않고 누름"),
    InvalidReason.INVALID_IMPRESSION: _("제대로 보지 않고 누름"),
    InvalidReason.PLATFORM_ADDRESS: _("짬뽕 안에서 누름"),
    InvalidReason.DATACENTER: _("데이터센터에서 누름"),
    InvalidReason.ADVERTISER_ADDRESS: _("광고주 자신이 누름"),
    InvalidReason.REPEAT: _("30분 안에 다시 누름"),
    InvalidReason.PERSON_RATE: _("한 사람이 1분에 너무 많이 누름"),
    InvalidReason.NETWORK_RATE: _("한 네트워크에서 1분에 너무 많이 누름"),
    InvalidReason.EXPIRED: _("오래된 링크"),
    InvalidReason.TOO_LATE: _("하루 넘게 늦게 알려짐"),
    InvalidReason.PERSON_BURST: _("한 사람이 몰아서 누름"),
    InvalidReason.NETWORK_BURST: _("한 네트워크에서 몰아서 누름"),
    InvalidReason.PERSON_REGULAR: _("기계처럼 고르게 누름"),
    InvalidReason.NETWORK_REGULAR: _("한 네트워크에서 기계처럼 고르게 누름"),
    InvalidReason.OPERATOR: _("운영자가 살펴보고 돌려줌"),
}


def label_reason(reason: str) -> str:
    """Return the label of a reason, or the reason itself when it has none."""
    return str(REASON_LABELS.get(reason, reason))
