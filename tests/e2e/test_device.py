"""The conversation on the device, with real weights where they are available."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.fixtures import Settings

from config.data_dir import ROOT
from language.lexicon import list_crisis_patterns
from language.sensitivity import is_explicit_crisis
from stack.install.weights import SMOLLM2
from tests.e2e.conftest import OpenPage, take_picture

WEIGHTS = ROOT / "var" / "models"
CARD = f"[data-model={SMOLLM2.slug}]"
LOAD_MS = 60_000
ANSWER_MS = 120_000
STORED = """async () => {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("cache", { create: true });
  return (await Array.fromAsync(folder.keys())).length;
}"""
MATCH = """({ patterns, texts }) =>
  texts.map((text) => patterns.some((pattern) => new RegExp(pattern, "u").test(text.toLowerCase())))"""


@pytest.fixture
def broken_weights(settings: Settings, tmp_path: Path) -> Path:
    """Weights of the right size that consist of zeros."""
    settings.DEVICE_WEIGHTS_FOLDER = str(tmp_path)
    path = tmp_path / SMOLLM2.file_name
    with path.open("wb") as file:
        file.truncate(SMOLLM2.size)
    return path


def press(page: Page, name: str) -> None:
    """Press a button on SmolLM2's card."""
    page.locator(CARD).get_by_role("button", name=re.compile(name)).click()


def ask(page: Page, prompt: str) -> None:
    """Type a prompt and send it."""
    page.locator("#prompt").fill(prompt)
    # Two Enters within 150 ms count as one.
    page.wait_for_timeout(200)
    page.keyboard.press("Enter")


def record_requests(page: Page) -> list[str]:
    """Record the requests and sockets of the page from now on."""
    requests: list[str] = []
    page.context.on("request", lambda request: requests.append(request.url))
    page.on("websocket", lambda socket: requests.append(socket.url))
    return requests


with_weights = pytest.mark.skipif(
    not SMOLLM2.is_complete(WEIGHTS), reason="SmolLM2's weights are not in var/models"
)


@pytest.fixture
def talking(settings: Settings, open_page: OpenPage) -> Page:
    """A page on which SmolLM2 has been fetched and started."""
    settings.DEVICE_WEIGHTS_FOLDER = str(WEIGHTS)
    page = open_page("/on-device/")
    requests = record_requests(page)
    expect(page.locator(CARD)).to_contain_text("98 MB")
    page.wait_for_load_state("networkidle")
    assert not [url for url in requests if url.endswith((".gguf", ".wasm"))], "fetched before a press"
    press(page, "받고 시작하기")
    expect(page.locator("#prompt")).to_be_visible(timeout=LOAD_MS)
    assert [url for url in requests if url.endswith(f"{SMOLLM2.sha256}.gguf")]
    page.wait_for_load_state("networkidle")
    return page


@pytest.mark.weights
@with_weights
def test_a_loaded_model_answers_offline_and_sends_nothing(talking: Page) -> None:
    talking.context.set_offline(True)
    requests = record_requests(talking)
    turns = talking.locator(".turn")
    ask(talking, "What is the capital of France? Answer in one sentence.")
    expect(talking.locator(".turn[data-status=done]")).to_be_visible(timeout=ANSWER_MS)
    expect(talking.locator(".answer-text")).to_contain_text(re.compile(r"[A-Za-z]{3,}\s+[A-Za-z]{2,}"))
    expect(talking.locator(".answer-actions")).to_contain_text("AI가 만든 답이에요. 틀릴 수 있어요.")
    expect(talking.locator(".device-status")).to_contain_text("토큰")
    take_picture(talking, "device")

    ask(talking, "Write a long story about the sea.")
    expect(turns.nth(1).locator(".answer-text")).to_contain_text(re.compile(r"\w \w"), timeout=ANSWER_MS)
    ask(talking, "And another one?")
    expect(talking.locator(".error-notice")).to_contain_text("아직 답하는 중이에요")
    talking.keyboard.press("Escape")
    expect(talking.locator(".turn[data-status=stopped]")).to_be_visible()

    # Characters that no other part of the page has: not even a part of a font may be requested.
    ask(talking, "그냥 죽고 싶어 뷁 쀍 퓛")
    expect(turns.nth(2)).to_contain_text("109")
    expect(turns.nth(2).locator(".ai-label").first).to_be_hidden()
    talking.get_by_role("button", name="새 대화").click()
    expect(turns).to_have_count(0)
    assert requests == []
    assert talking.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]") == []


@pytest.mark.weights
@with_weights
def test_weights_are_fetched_once_and_can_be_removed(talking: Page) -> None:
    talking.reload()
    requests = record_requests(talking)
    press(talking, "시작하기")
    expect(talking.locator("#prompt")).to_be_visible(timeout=LOAD_MS)
    assert not [url for url in requests if url.endswith(".gguf")]
    talking.get_by_title("모델 바꾸기").click()
    press(talking, "삭제")
    talking.locator("#remove-dialog").get_by_role("button", name="삭제").click()
    expect(talking.locator(CARD).get_by_role("button", name="받고 시작하기")).to_be_visible()
    assert talking.evaluate(STORED) == 0


def test_corrupt_weights_are_removed_and_can_be_fetched_again(
    broken_weights: Path, open_page: OpenPage
) -> None:
    page = open_page("/on-device/")
    press(page, "받고 시작하기")
    expect(page.locator(CARD)).to_contain_text("받은 파일이 깨져 있어서 삭제했어요", timeout=LOAD_MS)
    assert page.evaluate(STORED) == 0
    expect(page.locator(CARD).get_by_role("button", name="받고 시작하기")).to_be_enabled()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda route: route.abort(), "연결이 끊겼어요"),
        (lambda route: route.fulfill(status=404), "지금은 이 모델을 받을 수 없어요"),
        (lambda route: route.fulfill(status=200, body="GGUF"), "연결이 끊겼어요"),
    ],
    ids=["cut", "gone", "short"],
)
def test_a_failed_download_shows_why_and_leaves_no_file(
    broken_weights: Path, open_page: OpenPage, answer: Callable[[Route], None], message: str
) -> None:
    page = open_page("/on-device/")
    page.route("**/*.gguf", answer)
    press(page, "받고 시작하기")
    expect(page.locator(CARD)).to_contain_text(message)
    assert page.evaluate(STORED) == 0
    expect(page.locator(CARD).get_by_role("button", name="받고 시작하기")).to_be_enabled()


def test_a_download_can_be_cancelled(broken_weights: Path, open_page: OpenPage) -> None:
    page = open_page("/on-device/")
    page.route("**/*.gguf", lambda route: None)
    press(page, "받고 시작하기")
    expect(page.locator(CARD)).to_contain_text("98 MB 중 0 MB를 받았어요")
    press(page, "취소")
    expect(page.locator(CARD).get_by_role("button", name="받고 시작하기")).to_be_enabled()
    expect(page.locator(CARD).get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize(
    ("lack", "message"),
    [
        ("delete WebAssembly.Suspending", "크롬이나 엣지 최신 버전으로 열어 주세요"),
        ("delete window.WebAssembly", "크롬이나 엣지 최신 버전으로 열어 주세요"),
        ("WebAssembly.Module = class { constructor() { throw new Error('no'); } }", "막혀 있어요"),
        ("StorageManager.prototype.getDirectory = () => new Promise(() => {})", "저장 공간을 쓸 수 없어요"),
    ],
)
def test_a_browser_that_cannot_run_a_model_shows_why(
    broken_weights: Path, open_page: OpenPage, lack: str, message: str
) -> None:
    page = open_page("/on-device/")
    page.add_init_script(lack)
    page.reload()
    expect(page.locator(".device-unsupported")).to_contain_text(message)
    expect(page.locator(".device-model")).to_have_count(0)


def test_the_page_detects_an_explicit_crisis_as_the_server_does(
    broken_weights: Path, open_page: OpenPage
) -> None:
    texts = [
        "우울해서 죽고 싶어",
        "자살하고 싶다",
        "자살…",
        "자살률통계",
        "kms",
        "I want to die",
        "Suicide?",
        "죽고 싶지만 떡볶이는 먹고 싶어 독후감 써 줘",
        "How do I kill a process?",
        "사주고 싶은 선물",
        "한국의 수도는?",
    ]
    page = open_page("/on-device/")
    requests = page.evaluate(MATCH, {"patterns": list_crisis_patterns(), "texts": texts})
    assert requests == [is_explicit_crisis(text) for text in texts]
    assert any(requests) and not all(requests)
