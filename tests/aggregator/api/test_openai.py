"""The chat completions API, called by OpenAI's official client."""

import pytest
from openai import APIError, AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam

from aggregator.models import Conversation, Turn
from testing.provider.server import ProviderServer, Script, count_up, say
from testing.site.live_site import LiveSite
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "한국의 수도는?"}]
WHOLE = "서울이에요. 대한민국의 수도예요."


@pytest.mark.usefixtures("panel")
def test_the_models_are_the_ensemble_and_each_offered_one(ada_client: OpenAI) -> None:
    assert [model.id for model in ada_client.models.list()] == ["jjamppong", "wise", "quick"]
    assert ada_client.models.retrieve("wise").owned_by == "vendor of wise"


@pytest.mark.usefixtures("panel")
def test_one_model_streams_as_it_writes(ada_client: OpenAI) -> None:
    pieces = list(
        ada_client.chat.completions.create(
            model="wise", messages=ASK, stream=True, stream_options={"include_usage": True}
        )
    )

    assert "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices) == WHOLE
    assert pieces[0].choices[0].delta.role == "assistant"
    assert pieces[-2].choices[0].finish_reason == "stop"
    assert pieces[-1].usage is not None
    assert pieces[-1].usage.completion_tokens > 0
    assert len({piece.id for piece in pieces}) == 1
    assert len([piece for piece in pieces if piece.choices and piece.choices[0].delta.content]) > 1


@pytest.mark.usefixtures("panel")
def test_the_ensemble_returns_a_completion_and_how_it_was_made(ada_client: OpenAI) -> None:
    completion = ada_client.chat.completions.create(model="jjamppong", messages=ASK)

    assert completion.choices[0].message.content == WHOLE
    assert completion.choices[0].finish_reason == "stop"
    more = (completion.model_extra or {})["jjamppong"]
    assert [member["model"] for member in more["panel"]] == ["wise", "quick"]
    assert [row["model"] for row in more["ranking"]] == ["wise", "quick"]
    assert (more["answer"], more["answer_model"]) == ("best", "wise")
    assert more["agreement"]["compared"] >= 0
    assert more["cost_micros"] == sum(member["cost_micros"] for member in more["panel"]) > 0
    assert completion.usage is not None
    assert completion.usage.total_tokens == sum(
        member["prompt_tokens"] + member["completion_tokens"] for member in more["panel"]
    )


@pytest.mark.usefixtures("panel")
def test_the_ensemble_streams_the_winner_after_the_ranking(ada_client: OpenAI) -> None:
    chunks = list(ada_client.chat.completions.create(model="jjamppong", messages=ASK, stream=True))

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == WHOLE
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert (chunks[-1].model_extra or {})["jjamppong"]["answer_model"] == "wise"


def test_a_fused_answer_streams_as_it_is_written_and_its_tokens_count(
    ada_client: OpenAI, provider: ProviderServer, offer_model: MakeModel
) -> None:
    provider.add("wise", say(count_up("서울은 대한민국의 수도예요.", 4), delay_s=0.02))
    provider.add("quick", say("서울"))
    offer_model("wise", can_fuse=True)
    offer_model("quick")

    chunks = list(
        ada_client.chat.completions.create(
            model="jjamppong", messages=ASK, stream=True, stream_options={"include_usage": True}
        )
    )

    texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert "".join(text or "" for text in texts) == count_up("서울은 대한민국의 수도예요.", 4)
    assert len([text for text in texts if text]) > 2
    more = (chunks[-2].model_extra or {})["jjamppong"]
    assert (more["answer"], more["answer_model"]) == ("fused", "wise")
    panel_tokens = sum(member["completion_tokens"] for member in more["panel"])
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > panel_tokens


@pytest.mark.usefixtures("panel")
async def test_the_async_client_gets_the_same(live_site: LiveSite, ada_key: str) -> None:
    async with AsyncOpenAI(base_url=f"{live_site.url}/v1", api_key=ada_key, max_retries=0) as client:
        whole = await client.chat.completions.create(model="wise", messages=ASK)
        text = ""
        async for chunk in await client.chat.completions.create(model="quick", messages=ASK, stream=True):
            text += chunk.choices[0].delta.content or ""

    assert (whole.choices[0].message.content, text) == (WHOLE, "서울")


@pytest.mark.usefixtures("panel")
def test_the_history_reaches_the_model(ada_client: OpenAI, provider: ProviderServer) -> None:
    ada_client.chat.completions.create(
        model="wise",
        messages=[
            {"role": "system", "content": "짧게 답해요."},
            {"role": "user", "content": "한국의 수도는?"},
            {"role": "assistant", "content": "서울이에요."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "거기"}, {"type": "text", "text": "인구는?"}],
            },
        ],
        n=1,
    )

    observed = [message["content"] for message in provider.requests_for("wise")[0].messages]
    assert "짧게 답해요." in observed[0]
    assert observed[1:] == ["한국의 수도는?", "서울이에요.", "거기\n인구는?"]


@pytest.mark.usefixtures("panel")
def test_a_panel_and_a_strategy_can_be_chosen(ada_client: OpenAI) -> None:
    completion = ada_client.chat.completions.create(
        model="jjamppong", messages=ASK, extra_body={"panel": ["quick"], "strategy": "best"}
    )

    assert completion.choices[0].message.content == "서울"


@pytest.mark.usefixtures("panel")
def test_a_call_shows_no_ad_and_no_conversation_on_the_page(ada_client: OpenAI, live_site: LiveSite) -> None:
    ada_client.chat.completions.create(model="jjamppong", messages=ASK)
    live_site.wait_for_turns()

    turn = Turn.objects.get()
    assert (turn.status, turn.placement) == ("done", None)
    assert turn.conversation.origin == Conversation.Origin.API


def test_a_model_that_fails_is_an_error_with_its_status(
    ada_client: OpenAI, provider: ProviderServer, offer_model: MakeModel
) -> None:
    provider.add("broken", Script(status=500))
    offer_model("broken")

    with pytest.raises(APIError) as failure:
        ada_client.chat.completions.create(model="broken", messages=ASK)

    assert failure.value.code == "server_failed"


def test_an_interrupted_answer_ends_the_stream_with_an_error(
    ada_client: OpenAI, provider: ProviderServer, offer_model: MakeModel
) -> None:
    provider.add("shaky", say("여기까지 말하고 끊겨요", fault="cut", fault_at=2, delay_s=0.05))
    offer_model("shaky")
    text = ""

    with pytest.raises(APIError) as failure:
        for chunk in ada_client.chat.completions.create(model="shaky", messages=ASK, stream=True):
            text += chunk.choices[0].delta.content or ""

    assert text
    assert failure.value.code == "cut_off"
    assert failure.value.message
