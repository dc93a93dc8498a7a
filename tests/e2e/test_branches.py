"""A conversation is a tree: what is on screen is what the model gets, and every turn can be reached."""

import random

import pytest
from playwright.sync_api import Locator, Page, expect

from aggregator.models import Turn
from testing.provider.server import ProviderServer, Script, say
from tests.e2e.conftest import MakeModel, OpenPage, ask

STEPS = 14
OLDER, NEWER = "이전", "다음"
READ_SCREEN = """() => [...document.querySelectorAll(".turn")].map((turn) => ({
    turn: turn.dataset.turn,
    prompt: turn.querySelector(".prompt-text").textContent,
    answer: turn.querySelector(".answer-text")?.textContent.trim() ?? "",
}))"""


class TreeUser:
    """Presses at random on two pages of one conversation and checks what the model gets."""

    def __init__(self, pages: list[Page], provider: ProviderServer, seed: int) -> None:
        self.pages, self.provider, self.random = pages, provider, random.Random(seed)
        self.prompts, self.answered = 0, 1

    def step(self) -> None:
        """Do one thing on one of the pages."""
        page = self.random.choice(self.pages)
        actions = [self.ask, self.ask, self.edit, self.regenerate, self.step_version, self.reload]
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
        expect(page.locator(".answer-text").last).not_to_be_empty()
        assert page.evaluate(READ_SCREEN) == shown

    def new_prompt(self) -> str:
        self.prompts += 1
        return f"질문 {self.prompts}번이에요"

    def expect_context(self, page: Page, shown: list[dict[str, str]], prompt: str) -> None:
        """Check that the model got the branch that was on screen, and that the new turn follows it."""
        expected = [text for turn in shown for text in (turn["prompt"], turn["answer"])] + [prompt]
        self.answered += 1
        assert self.provider.wait_until(lambda: len(self.provider.requests_for("wise")) == self.answered, 20)
        expect(page.locator(".turn").last).to_contain_text(f"답 {self.answered}번")
        expect(page.locator('.turn[data-status="running"], .sending')).to_have_count(0)
        got = self.provider.requests_for("wise")[-1].messages
        assert [each["content"] for each in got if each["role"] != "system"] == expected
        after = page.evaluate(READ_SCREEN)
        assert after[:-1] == shown
        assert after[-1]["prompt"] == prompt


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
    answers = iter(range(1, 1000))

    def answer(model: str, _prompt: str) -> Script | None:
        return say(f"답 {next(answers)}번이에요.") if model == "wise" else None

    provider.find_script = answer
    offer_model("wise")
    first = open_page()
    ask(first, "처음 질문이에요")
    expect(first.locator(".turn[data-status=done]")).to_be_visible()
    second = open_page(first.url, visitor=first.context)
    expect(second.locator(".turn[data-status=done]")).to_be_visible()
    user = TreeUser([first, second], provider, seed)
    for _ in range(STEPS):
        user.step()
    stored = {str(turn) for turn in Turn.objects.values_list("public_id", flat=True)}
    assert reach_all(second) == stored
