"""The messages API, called by Anthropic's official client."""

from collections.abc import Iterator

import pytest
from anthropic import Anthropic, APIStatusError, AsyncAnthropic, AuthenticationError, BadRequestError
from anthropic import NotFoundError as NoSuchModel

from testing.provider.server import ProviderServer, say
from testing.site.live_site import LiveSite
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

ASK = "한국의 수도는?"
WHOLE = "서울이에요. 대한민국의 수도예요."


@pytest.fixture
def anthropic_client(live_site: LiveSite, ada_key: str) -> Iterator[Anthropic]:
    """The official client with Ada's key."""
    with Anthropic(base_url=live_site.url, api_key=ada_key, max_retries=0, timeout=60) as client:
        yield client


@pytest.mark.usefixtures("panel")
def test_the_ensemble_returns_a_message(anthropic_client: Anthropic) -> None:
    message = anthropic_client.messages.create(
        model="jjamppong", max_tokens=100, messages=[{"role": "user", "content": ASK}]
    )

    assert [block.text for block in message.content if block.type == "text"] == [WHOLE]
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens > 0


@pytest.mark.usefixtures("panel")
def test_one_model_streams_as_it_writes(anthropic_client: Anthropic, provider: ProviderServer) -> None:
    with anthropic_client.messages.stream(
        model="wise", max_tokens=100, system="짧게 답해요.", messages=[{"role": "user", "content": ASK}]
    ) as stream:
        texts = list(stream.text_stream)
        final = stream.get_final_message()

    assert "".join(texts) == WHOLE
    assert len(texts) > 1
    assert final.usage.output_tokens > 0
    assert "짧게 답해요." in provider.requests_for("wise")[0].messages[0]["content"]


@pytest.mark.usefixtures("panel")
async def test_the_async_client_gets_the_same(live_site: LiveSite, ada_key: str) -> None:
    async with AsyncAnthropic(base_url=live_site.url, api_key=ada_key, max_retries=0) as client:
        message = await client.messages.create(
            model="quick", max_tokens=100, messages=[{"role": "user", "content": ASK}]
        )

    assert message.content[0].type == "text"
    assert message.content[0].text == "서울"


@pytest.mark.usefixtures("panel")
def test_errors_have_anthropic_s_form(anthropic_client: Anthropic, live_site: LiveSite) -> None:
    with pytest.raises(NoSuchModel) as missing:
        anthropic_client.messages.create(
            model="none", max_tokens=9, messages=[{"role": "user", "content": ASK}]
        )
    assert missing.value.body == {
        "type": "error",
        "error": {"type": "not_found_error", "message": missing.value.body["error"]["message"]},  # type: ignore[index]
    }
    with pytest.raises(BadRequestError):
        anthropic_client.messages.create(model="wise", max_tokens=9, messages=[])
    with (
        Anthropic(base_url=live_site.url, api_key="jjp-guess", max_retries=0) as stranger,
        pytest.raises(AuthenticationError),
    ):
        stranger.messages.create(model="wise", max_tokens=9, messages=[{"role": "user", "content": ASK}])


def test_an_interrupted_answer_ends_the_stream_with_an_error(
    anthropic_client: Anthropic, provider: ProviderServer, offer_model: MakeModel
) -> None:
    provider.add("shaky", say("여기까지 말하고 끊겨요", fault="cut", fault_at=2, delay_s=0.05))
    offer_model("shaky")
    with (
        pytest.raises(APIStatusError) as failure,
        anthropic_client.messages.stream(
            model="shaky", max_tokens=9, messages=[{"role": "user", "content": ASK}]
        ) as stream,
    ):
        stream.until_done()

    assert "error" in str(failure.value.body)
