import pytest

from aggregator.providers import (
    AuthFailed,
    BadRequest,
    ContextTooLong,
    CutOff,
    EmptyCompletion,
    ProviderError,
    RateLimited,
    Refused,
    ServerFailed,
    Stalled,
    TimedOut,
    UnknownModel,
    Unreachable,
)
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.providers.completion_requests import ask, make_model, make_request
from tests.aggregator.providers.conftest import SECRET

TEXT = "하나 둘 셋 넷 다섯"
WIRES = ["openai", "anthropic", "gemini"]
pytestmark = pytest.mark.usefixtures("path")

AT_START: dict[str, tuple[Script, type[ProviderError]]] = {
    "s401": (say(TEXT, status=401, error="invalid_api_key"), AuthFailed),
    "s403": (say(TEXT, status=403, error="invalid_api_key"), AuthFailed),
    "s404": (say(TEXT, status=404, error="model_not_found"), UnknownModel),
    "s400": (say(TEXT, status=400, error="invalid_request_error"), BadRequest),
    "context": (say(TEXT, status=400, error="context_length_exceeded"), ContextTooLong),
    "policy": (say(TEXT, status=400, error="content_policy_violation"), Refused),
    "s429": (say(TEXT, status=429, error="rate_limit_exceeded", retry_after="17"), RateLimited),
    "s500": (say(TEXT, status=500), ServerFailed),
    "s529": (say(TEXT, status=529), ServerFailed),
    "error-0": (say(TEXT, fault="error", fault_at=0), ServerFailed),
    "stall-0": (say(TEXT, fault="stall", fault_at=0), TimedOut),
    "slow": (say(TEXT, first_delay_s=5), TimedOut),
    "cut-0": (say(TEXT, fault="cut", fault_at=0), Unreachable),
    "end-0": (say(TEXT, fault="end", fault_at=0), EmptyCompletion),
    "empty": (Script(), EmptyCompletion),
    "refuses": (Script(finish="content_filter"), Refused),
}
IN_THE_MIDDLE: dict[str, tuple[Script, type[ProviderError]]] = {
    "error-3": (say(TEXT, fault="error", fault_at=3), ServerFailed),
    "stall-3": (say(TEXT, fault="stall", fault_at=3), Stalled),
    "cut-3": (say(TEXT, fault="cut", fault_at=3), CutOff),
    "end-3": (say(TEXT, fault="end", fault_at=3), CutOff),
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("name", AT_START)
async def test_a_failure_before_any_text_has_its_own_error(
    provider_server: ProviderServer, wire: str, name: str
) -> None:
    script, kind = AT_START[name]
    model = make_model(provider_server, provider_server.add(name, script), wire)
    reply = await ask(make_request(model, first_token_ms=600 if kind is TimedOut else 10_000))
    assert type(reply.error) is kind
    assert reply.error.code == kind.code
    assert reply.error.partial_text == reply.text == ""


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("name", IN_THE_MIDDLE)
async def test_a_failure_in_the_middle_keeps_the_text_so_far(
    provider_server: ProviderServer, wire: str, name: str, path: str
) -> None:
    if (path, wire, name) == ("litellm", "gemini", "end-3"):
        pytest.skip("litellm reports stop for every Gemini chunk, so only the fast path detects this")
    script, kind = IN_THE_MIDDLE[name]
    model = make_model(provider_server, provider_server.add(name, script), wire)
    reply = await ask(make_request(model, stall_ms=1_500 if kind is Stalled else 10_000))
    assert type(reply.error) is kind
    assert reply.error.partial_text == reply.text == "하나 둘 셋"


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("at", [0, 3])
async def test_a_malformed_chunk_is_skipped_or_an_error_but_loses_no_text(
    provider_server: ProviderServer, wire: str, at: int, path: str
) -> None:
    name = provider_server.add(f"malformed-{at}", say(TEXT, fault="malformed", fault_at=at))
    reply = await ask(make_request(make_model(provider_server, name, wire)))
    if path == "fast":
        assert reply.text == TEXT
    else:
        assert TEXT.startswith(reply.text)
        assert reply.error is None or reply.error.partial_text == reply.text


async def test_a_stream_that_ends_in_an_unreadable_line_is_malformed(provider_server: ProviderServer) -> None:
    script = Script(pieces=("하나",), fault="malformed", fault_at=1)
    name = provider_server.add("ends-in-rubbish", script)
    reply = await ask(make_request(make_model(provider_server, name)))
    assert reply.error is not None
    assert reply.error.code == "malformed"
    assert reply.error.partial_text == "하나"


@pytest.mark.parametrize("wire", WIRES)
async def test_a_provider_that_does_not_listen_is_unreachable(
    provider_server: ProviderServer, wire: str
) -> None:
    with ProviderServer() as gone:
        model = make_model(gone, "say:hello", wire)
    reply = await ask(make_request(model))
    assert type(reply.error) is Unreachable


@pytest.mark.parametrize("wire", WIRES)
async def test_a_rate_limit_carries_its_retry_after(provider_server: ProviderServer, wire: str) -> None:
    script = say(TEXT, status=429, error="rate_limit_exceeded", retry_after="17")
    model = make_model(provider_server, provider_server.add("come-back", script), wire)
    reply = await ask(make_request(model))
    assert reply.error is not None
    assert reply.error.retry_after_s == 17


@pytest.mark.parametrize("wire", WIRES)
async def test_an_error_contains_neither_keys_nor_the_response(
    provider_server: ProviderServer, wire: str
) -> None:
    script = say(TEXT, status=401, error="invalid_api_key")
    model = make_model(provider_server, provider_server.add("tells-nothing", script), wire)
    reply = await ask(make_request(model))
    links: list[BaseException | None] = [reply.error]
    texts = ""
    while links:
        link = links.pop()
        if link is not None:
            texts += f"{link!r} {link.args}"
            links += [link.__cause__, link.__context__]
    assert "AuthFailed" in texts
    for secret in (SECRET, "sk-secret-in-the-body", "에이다", "Incorrect"):
        assert secret not in texts
