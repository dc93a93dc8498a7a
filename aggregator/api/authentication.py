"""API keys of requests: finding them, limiting their rate, and recording their use."""

import asyncio
import datetime as dt
import time

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator.api.errors import ApiError
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import ApiKey
from aggregator.selectors.api_keys import find_api_key
from aggregator.services import api_keys

LAST_USED_RESOLUTION_SECONDS = 60
WINDOW_SECONDS = 60
MAX_KEY_CHARS = 200


async def authenticate(request: HttpRequest) -> ApiKey:
    """Return the API key of a request and count it against the rate limit; raises ApiError."""
    key = await run_in_db_thread(_find_key, read_key(request))
    if key is None:
        raise ApiError(
            401,
            "invalid_api_key",
            _("API 키가 맞지 않아요. ‘내 API 키’에서 만들어 주세요."),
            headers={"WWW-Authenticate": "Bearer"},
        )
    await _check_rate_limit(key)
    return key


def read_key(request: HttpRequest) -> str:
    """Return the key of the Authorization header (OpenAI) or X-Api-Key (Anthropic); '' without one."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("X-Api-Key", "").strip()


def _find_key(text: str) -> ApiKey | None:
    # The time to look up a digest does not depend on how many characters of a key were guessed.
    if not text or len(text) > MAX_KEY_CHARS:
        return None
    key = find_api_key(api_keys.digest_of(text))
    if key is None:
        return None
    stale = timezone.now() - dt.timedelta(seconds=LAST_USED_RESOLUTION_SECONDS)
    if key.last_used_at is None or key.last_used_at < stale:
        api_keys.record_key_use(key=key)
    return key


async def _check_rate_limit(key: ApiKey) -> None:
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    name = f"api:calls:{key.pk}:{window}"
    client = runner.get_turn_log().client
    calls, _expires = await asyncio.gather(client.incr(name), client.expire(name, 2 * WINDOW_SECONDS))
    if calls > settings.API_CALLS_PER_MINUTE:
        wait = max(1, round((window + 1) * WINDOW_SECONDS - now))
        message = _("너무 자주 요청했어요. %(wait)d초 뒤에 다시 해 주세요.") % {"wait": wait}
        raise ApiError(429, "rate_limit_exceeded", message, headers={"Retry-After": str(wait)})
