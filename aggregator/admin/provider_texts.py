"""What a failed call to a provider means to an admin, and what to do next."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aggregator.domain.messages import label_of
from aggregator.models import ProviderTest
from aggregator.services.provider_checks import LOST_AFTER

ERRORS: dict[str, Promise] = {
    "unreachable": _("서버에 연결하지 못했어요. 주소를 확인해 주세요."),
    "timed_out": _("제시간에 답하지 않았어요."),
    "stalled": _("답하다가 멈췄어요."),
    "rate_limited": _("제공자의 호출 한도에 걸렸어요. 잠시 뒤에 다시 시험해 주세요."),
    "busy": _("모델이 바빠 차례가 오지 않았어요. 잠시 뒤에 다시 시험해 주세요."),
    "server_failed": _("제공자의 서버에 오류가 났어요."),
    "cut_off": _("답이 중간에 끊겼어요."),
    "malformed": _("형식에 맞지 않는 답이 왔어요. 주소를 확인해 주세요."),
    "empty": _("연결됐지만 글이 없는 답이 왔어요."),
    "refused": _("제공자가 시험 질문을 거절했어요."),
    "bad_request": _("제공자가 요청을 받지 않았어요. 모델 ID를 확인해 주세요."),
    "context_too_long": _("컨텍스트 길이를 넘었어요."),
    "unknown_model": _("제공자에 없는 모델이에요. 모델 ID와 주소를 확인해 주세요."),
    "auth_failed": _("키가 맞지 않거나 권한이 없어요. 키를 확인해 주세요."),
    "not_sent": _("워커에 보내지 못했어요. 워커와 Valkey를 확인해 주세요."),
    "lost": _("결과를 받지 못했어요. 다시 시험해 주세요."),
    "failed": _("알 수 없는 오류가 났어요. 서버 로그를 확인해 주세요."),
}


@dataclass(frozen=True, slots=True)
class TestReport:
    """A test call in words."""

    test: ProviderTest
    status: str
    label: str
    problem: str
    first_text: str
    duration: str


def report_test(test: ProviderTest) -> TestReport:
    """Return a test in words; one whose process died counts as failed."""
    status, error = test.status, test.error
    if status == ProviderTest.Status.RUNNING and timezone.now() - test.created_at > LOST_AFTER:
        status, error = ProviderTest.Status.FAILED, "lost"
    return TestReport(
        test=test,
        status=status,
        label=str(ProviderTest.Status(status).label),
        problem=describe_error(error) if error else "",
        first_text=_render_seconds(test.ttft_ms),
        duration=_render_seconds(test.duration_ms),
    )


def _render_seconds(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "–"
    return gettext("%(seconds)s초") % {"seconds": f"{milliseconds / 1000:.1f}"}


def describe_error(code: str) -> str:
    """Return the sentence for a code in the active language."""
    return label_of(ERRORS, code)
