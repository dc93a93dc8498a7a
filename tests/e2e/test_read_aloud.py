"""An answer is read aloud; the voices are simulated, since a test browser has none."""

from playwright.sync_api import expect

from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, ask

VOICES = """
const spoken = [];
class Voices extends EventTarget {
  getVoices() { return [{ lang: "ko-KR" }, { lang: "en-US" }]; }
  speak(utterance) {
    spoken.push([utterance.lang, utterance.text]);
    this.timer = setTimeout(() => utterance.dispatchEvent(new Event("end")), 100);
  }
  cancel() { spoken.push("cancelled"); clearTimeout(this.timer); }
}
Object.defineProperty(window, "speechSynthesis", { value: new Voices() });
window.SpeechSynthesisUtterance = class extends EventTarget {
  constructor(text) { super(); this.text = text; }
};
window.spoken = spoken;
"""
ANSWER = "**하나**예요.\n\n```\ncode\n```\n\n" + " ".join(
    f"{number}번째 말이에요." for number in range(1, 60)
)


def test_an_answer_is_read_aloud_until_a_second_press(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("talker", say(ANSWER))
    offer_model("talker")
    page = open_page()
    page.add_init_script(VOICES)
    page.goto("/")
    ask(page, "길게 말해 줘")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()

    page.get_by_role("button", name="읽어 주기").click()
    while page.evaluate("spoken.length") < 4:
        page.wait_for_timeout(50)
    page.get_by_role("button", name="읽기 중지").click()
    expect(page.get_by_role("button", name="읽어 주기")).to_be_visible()
    spoken = page.evaluate("spoken")
    assert spoken[1:4] == [
        ["ko-KR", "하나예요."],
        ["ko-KR", "여기에 코드가 있어요."],
        ["ko-KR", "1번째 말이에요."],
    ]
    assert spoken[-1] == "cancelled"
    page.wait_for_timeout(300)
    assert page.evaluate("spoken.length") == len(spoken)


def test_without_a_voice_there_is_no_button(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("talker", say("짧은 답이에요."))
    offer_model("talker")
    page = open_page()
    page.add_init_script("delete window.speechSynthesis; delete Window.prototype.speechSynthesis;")
    page.goto("/")
    ask(page, "짧게 말해 줘")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect(page.locator(".answer-actions").get_by_role("button", name="복사")).to_be_visible()
    expect(page.get_by_role("button", name="읽어 주기")).to_have_count(0)
