"""What can go wrong between us and a provider.

    ProviderError               code          worth a retry
      Unreachable               unreachable   before the first token
      TimedOut                  timed_out     no: its patience is spent
        Stalled                 stalled       no
      RateLimited               rate_limited  when the provider names a short wait
      ServerFailed              server_failed before the first token
      CutOff                    cut_off       no: text was already shown
      Malformed                 malformed     no
      EmptyCompletion           empty         no
      Refused                   refused       no
      BadRequest                bad_request   no
        ContextTooLong          context_too_long
        UnknownModel            unknown_model
      AuthFailed                auth_failed   no: an operator has to act

An error never carries what a provider wrote, nor anything of the request: bodies quote prompts and keys.
"""

from typing import ClassVar

from aggregator.providers.types import TokenUsage


class ProviderError(Exception):
    """A completion that did not run to its end; `partial_text` is what had arrived until then.

    `usage` is what it took all the same, None where nobody can have read or written anything.
    """

    code: ClassVar[str] = "failed"
    is_retryable: ClassVar[bool] = False

    def __init__(
        self, detail: str = "", *, partial_text: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(detail or self.code)
        self.partial_text = partial_text
        self.usage: TokenUsage | None = None
        self.retry_after_s = retry_after_s


class Unreachable(ProviderError):
    """No connection came about, or it broke before anything was said."""

    code = "unreachable"
    is_retryable = True


class TimedOut(ProviderError):
    """The first token, or the end, did not come in time."""

    code = "timed_out"


class Stalled(TimedOut):
    """The stream began and then fell silent for too long."""

    code = "stalled"


class RateLimited(ProviderError):
    """The provider wants fewer requests; `retry_after_s` is its own estimate, if it gave one."""

    code = "rate_limited"
    is_retryable = True


class ServerFailed(ProviderError):
    """The provider had an error of its own."""

    code = "server_failed"
    is_retryable = True


class CutOff(ProviderError):
    """The stream ended without saying that it was finished."""

    code = "cut_off"


class Malformed(ProviderError):
    """The provider sent something that is not of its own protocol."""

    code = "malformed"


class EmptyCompletion(ProviderError):
    """The provider finished properly and had written nothing."""

    code = "empty"


class Refused(ProviderError):
    """The provider's own rules forbid the request."""

    code = "refused"


class BadRequest(ProviderError):
    """The provider does not accept the request as it is."""

    code = "bad_request"


class ContextTooLong(BadRequest):
    """The transcript does not fit the model's window."""

    code = "context_too_long"


class UnknownModel(BadRequest):
    """The provider does not know, or no longer offers, the model."""

    code = "unknown_model"


class AuthFailed(ProviderError):
    """The provider does not accept our key, or our account there may not do this."""

    code = "auth_failed"
