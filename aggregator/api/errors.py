"""What the public API says when it cannot do what was asked; each wire puts it in its own form."""

from django.utils.translation import gettext as _

from aggregator.domain.messages import REFUSALS

TURN_STATUSES = {
    "no_models": 503,
    "prompt_too_long": 400,
    "model_not_offered": 404,
    "model_too_dear": 429,
    "timed_out": 504,
}
TURN_CODES = {"prompt_too_long": "context_length_exceeded", "model_not_offered": "model_not_found"}


class ApiError(Exception):
    """A call that is not answered: HTTP status, a stable code, a sentence, and the field at fault."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.param = status, code, message, param
        self.headers = headers or {}


def invalid_field(param: str, message: str, code: str = "invalid_value") -> ApiError:
    """Return the refusal of one field of the body."""
    return ApiError(400, code, message, param=param)


def model_not_found_error(slug: str, param: str = "model") -> ApiError:
    """Return the refusal of a model that is not on offer."""
    message = _("‘%(slug)s’ 모델이 없거나 지금 쓸 수 없어요. 목록(/v1/models)을 봐 주세요.")
    return ApiError(404, "model_not_found", message % {"slug": slug[:80]}, param=param)


def turn_failed(code: str) -> ApiError:
    """Return the refusal that words how a turn, or its only model, failed."""
    wording = REFUSALS.get(code, REFUSALS["all_failed"])
    status = TURN_STATUSES.get(code, 502)
    # What a day has no money for does not come back in seconds.
    headers = {"X-Should-Retry": "false"} if status == 429 else {}
    return ApiError(status, TURN_CODES.get(code, code), str(wording), headers=headers)


def answer_interrupted() -> ApiError:
    """Return what is said when an answer ends before it is whole."""
    return ApiError(502, "answer_broke_off", _("답이 중간에 끊겼어요. 다시 시도해 주세요."))


def internal_error() -> ApiError:
    """Return what is said when the fault is ours."""
    return ApiError(500, "server_failed", str(REFUSALS["server_failed"]))
