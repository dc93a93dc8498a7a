"""The errors of a call to a provider.

    ProviderError       code              meaning                                              retried
      Unreachable       unreachable       no connection, or it broke before the first token    yes
      TimedOut          timed_out         no first token, or no end, within the limit          no
        Stalled         stalled           the stream stopped for longer than the limit         no
      RateLimited       rate_limited      too many requests                                    briefly
      Busy              busy              no free call of the model in time, or a full queue  no
      ServerFailed      server_failed     an error of the provider itself                      yes
      CutOff            cut_off           the stream ended without a finish reason             no
      Malformed         malformed         a response that is not of the provider's protocol    no
      EmptyCompletion   empty             a finished completion without text                   no
      Refused           refused           the provider's content policy                        no
      BadRequest        bad_request       a request that the provider does not accept          no
        ContextTooLong  context_too_long  messages that do not fit the context window          no
        UnknownModel    unknown_model     a model that the provider does not serve             no
      AuthFailed        auth_failed       an API key that is wrong or not allowed to do this   no

An error never contains a provider's response or parts of the request: these quote prompts and keys.
"""

from typing import ClassVar

from aggregator.providers.types import TokenUsage


class ProviderError(Exception):
    """A completion that did not finish, with the text that had arrived and the usage.

    `usage` is None when the provider cannot have read or written anything.
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
    code = "unreachable"
    is_retryable = True


class TimedOut(ProviderError):
    code = "timed_out"


class Stalled(TimedOut):
    code = "stalled"


class RateLimited(ProviderError):
    code = "rate_limited"
    is_retryable = True


class Busy(ProviderError):
    code = "busy"


class ServerFailed(ProviderError):
    code = "server_failed"
    is_retryable = True


class CutOff(ProviderError):
    code = "cut_off"


class Malformed(ProviderError):
    code = "malformed"


class EmptyCompletion(ProviderError):
    code = "empty"


class Refused(ProviderError):
    code = "refused"


class BadRequest(ProviderError):
    code = "bad_request"


class ContextTooLong(BadRequest):
    code = "context_too_long"


class UnknownModel(BadRequest):
    code = "unknown_model"


class AuthFailed(ProviderError):
    code = "auth_failed"
