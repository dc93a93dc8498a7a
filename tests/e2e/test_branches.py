"""A conversation is a tree: what is on screen is what the model gets, and every turn can be reached."""

import random
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from aggregator.models import Turn
from testing.provider.server import ProviderServer, Script, say
from tests.e2e.conftest import MakeModel, OpenPage, ask

Shown = dict[str, str]
STEPS = 14
OLDER, NEWER = "이전", "다음"
READ_SCREEN = """() => [...document.querySelectorAll(".turn")].map((turn) => ({
    turn: turn.dataset.turn,
    prompt: turn.querySelector(".prompt-text").textContent,
    answer: turn.querySelector(".answer-text")?.textContent.trim() ?? "",
}))"""


# A slow answer writes a piece every 50 ms, for half a minute unless it is stopped.
LONG = " ".join(f"{number}번째 문장이에요." for number in range(1, 200))


class TreeUser:
    """Presses at random on two pages of one conversation and checks what the model gets."""

    def __init__(self, pages: list[Page], provider: ProviderServer, seed: int) -> None:
        self.pages, self.provider, self.random = pages, provider, random.Random(seed)
        self.prompts, self.answers, self.expected_calls = 0, 0, 1
        self.make_script: Callable[[str], Script] = say
        provider.find_script = self.find_script

    def find_script(self, model: str, _prompt: str) -> Script | None:
        """Return a numbered answer for the one model, as slow as the step wants it."""
        if model != "wise":
            return None
        self.answers += 1
        return self.make_script(f"답 {self.answers}번이에요.")

    def step(self) -> None:
        """Do one thing on one of the pages."""
        page = self.random.choice(self.pages)
        actions = [self.ask, self.ask, self.edit, self.regenerate, self.step_version, self.reload]
        actions += [self.stop, self.stop, self.leave]
        self.random.choice(actions)(page)
        for each in self.pages:
            expect(each.locator('.turn[data-status="running"], .sending')).to_have_count(0)

    def ask(self, page: Page) -> None:
        """Send a prompt after what is on screen."""
        shown = page.evaluate(READ_SCREEN)
        ask(page, prompt := self.new_prompt())
        self.expect_context(page, shown, prompt)

    def edit(self, page: Page) -> None:
        """Edit one of the prompts on screen."""
        shown = page.evaluate(READ_SCREEN)
        place = self.random.randrange(len(shown))
        turn = page.locator(".turn").nth(place)
        turn.hover()
        turn.get_by_role("button", name="질문 수정").click()
        page.locator(".prompt-edit textarea").fill(prompt := self.new_prompt())
        page.keyboard.press("Enter")
        self.expect_context(page, shown[:place], prompt)

    def regenerate(self, page: Page) -> None:
        """Ask one of the prompts on screen anew."""
        shown = page.evaluate(READ_SCREEN)
        place = self.random.randrange(len(shown))
        page.locator(".turn").nth(place).get_by_role("button", name="다시 답하기").click()
        self.expect_context(page, shown[:place], shown[place]["prompt"])

    def step_version(self, page: Page) -> None:
        """Show another version of one of the turns, if one has any."""
        arrows = page.locator(".versions button:enabled:visible")
        if count := arrows.count():
            show(arrows.nth(self.random.randrange(count)))

    def reload(self, page: Page) -> None:
        """Load the page again, which shows the same branch."""
        shown = page.evaluate(READ_SCREEN)
        page.reload()
        expect(page.locator(".turn .answer-text")).to_have_text([turn["answer"] for turn in shown])
        assert page.evaluate(READ_SCREEN) == shown

    def stop(self, page: Page) -> None:
        """Ask for a long answer and stop it on one of the pages, before its first text or in the middle."""
        if self.random.random() < 0.3:
            self.begin(page, lambda text: say(text, first_delay_s=30))
        else:
            self.begin(page, lambda text: say(f"{text} {LONG}", delay_s=0.05))
            expect(page.locator(".answer-text").last).to_contain_text("번째 문장")
        other = self.random.choice([each for each in self.pages if each.locator(".stop").is_visible()])
        if self.random.random() < 0.5:
            other.keyboard.press("Escape")
        else:
            other.locator(".stop").click()
        expect(page.locator(".turn").last).to_have_attribute("data-status", "stopped")

    def leave(self, page: Page) -> None:
        """Edit a prompt or ask it anew while a long answer is written, which stops that answer."""
        self.begin(page, lambda text: say(f"{text} {LONG}", delay_s=0.05))
        expect(page.locator(".answer-text").last).to_contain_text("번째 문장")
        self.make_script = say
        self.random.choice([self.edit, self.regenerate])(page)

    def begin(self, page: Page, make_script: Callable[[str], Script]) -> None:
        """Send a prompt that is answered by a script, and check the context without waiting for the end."""
        shown = page.evaluate(READ_SCREEN)
        self.make_script = make_script
        ask(page, prompt := self.new_prompt())
        self.expect_call(shown, prompt)
        expect(page.locator('.turn[data-status="running"]')).to_have_count(1)
        self.make_script = say

    def new_prompt(self) -> str:
        self.prompts += 1
        return f"질문 {self.prompts}번이에요"

    def expect_context(self, page: Page, shown: list[Shown], prompt: str) -> None:
        """Check that the model got the branch that was on screen, and that the new turn follows it."""
        self.expect_call(shown, prompt)
        expect(page.locator(".turn").last).to_contain_text(f"답 {self.answers}번")
        expect(page.locator('.turn[data-status="running"], .sending')).to_have_count(0)
        after = page.evaluate(READ_SCREEN)
        assert after[:-1] == shown
        assert after[-1]["prompt"] == prompt

    def expect_call(self, shown: list[Shown], prompt: str) -> None:
        """Check that the model is called once, with the turns on screen and the prompt."""
        self.expected_calls += 1
        assert self.provider.wait_until(self.is_called, 20)
        got = self.provider.requests_for("wise")[-1].messages
        assert [each["content"] for each in got if each["role"] != "system"] == contents(shown, prompt)

    def is_called(self) -> bool:
        """Tell whether the model got all calls that it should have got."""
        return len(self.provider.requests_for("wise")) == self.expected_calls


def contents(shown: list[Shown], prompt: str) -> list[str]:
    """Return the messages for turns and a prompt after them; one without an answer joins the next prompt."""
    messages, unanswered = [], ""
    for turn in shown:
        unanswered += turn["prompt"]
        if turn["answer"]:
            messages += [unanswered, turn["answer"]]
        unanswered = "" if turn["answer"] else f"{unanswered}\n\n"
    return [*messages, unanswered + prompt]


def show(arrow: Locator) -> None:
    """Press an arrow of a version and wait until that version is on screen."""
    turn = arrow.locator("xpath=ancestor::article")
    count = turn.locator(".versions .number")
    before = count.inner_text()
    arrow.click()
    expect(count).not_to_have_text(before)


def reach_all(page: Page, place: int = 0) -> set[str]:
    """Return all turns that the arrows of the versions lead to from a place on."""
    turns = page.locator(".turn")
    if place >= turns.count():
        return set()
    older = turns.nth(place).get_by_role("button", name=OLDER)
    newer = turns.nth(place).get_by_role("button", name=NEWER)
    while older.is_visible() and older.is_enabled():
        show(older)
    reached = {str(turns.nth(place).get_attribute("data-turn"))} | reach_all(page, place + 1)
    while newer.is_visible() and newer.is_enabled():
        show(newer)
        reached |= {str(turns.nth(place).get_attribute("data-turn"))} | reach_all(page, place + 1)
    return reached


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_model_gets_the_branch_on_screen_and_no_turn_is_lost(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, seed: int
) -> None:
    provider.add("wise", say("답이에요."))
    offer_model("wise")
    first = open_page()
    ask(first, "처음 질문이에요")
    expect(first.locator(".turn[data-status=done]")).to_be_visible()
    second = open_page(first.url, visitor=first.context)
    expect(second.locator(".turn[data-status=done]")).to_be_visible()
    del provider.scripts["wise"]
    user = TreeUser([first, second], provider, seed)
    for _ in range(STEPS):
        user.step()
    stored = {str(turn) for turn in Turn.objects.values_list("public_id", flat=True)}
    assert reach_all(second) == stored
