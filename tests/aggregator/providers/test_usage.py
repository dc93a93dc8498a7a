"""What a provider says that a call took is believed only where it can be true."""

import pytest

from tests.aggregator.providers.asking import ask, make_model, make_request
from tests.provider_server import ProviderServer, say

ANSWER = "한국의 수도는 서울이에요."
IMPOSSIBLE = [(-5, -7), (50, -1), (10**10, 5), (50, 3 * 10**9), (None, None), (0, 0)]


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("told", IMPOSSIBLE)
async def test_what_cannot_be_true_is_counted_by_us(
    provider_server: ProviderServer, told: tuple[object, object]
) -> None:
    name = provider_server.add("miscounts", say(ANSWER, usage=told))
    heard = await ask(make_request(make_model(provider_server, name)))
    assert heard.completion is not None
    assert heard.completion.text == ANSWER
    usage = heard.completion.usage
    assert usage.source == "counted"
    assert 10 < usage.input_tokens < 100
    assert 5 < usage.output_tokens < 40
