"""The keyboard alone does every journey: focus is visible at each step and never lost to the page's start."""

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from accounts.models import User
from ads.models import Campaign, Creative
from aggregator.models import AnswerRating, Conversation, Share, Turn
from testing.ads.inventory import make_ad, publish_all
from testing.provider.server import ProviderServer, say
from testing.site.live_site import LiveSite
from tests.e2e.conftest import MakeModel, OpenPage

PASSWORD = "Nudel-suppe-2026"
LONG = " ".join(f"{number}번째 문장이에요." for number in range(1, 300))
MOST_STEPS = 90
# Where focus is: nothing, hidden, or on an element that it changes the look of, or the look of one around it.
READ_FOCUS = """() => {
    const at = document.activeElement;
    if (!at || at === document.body) return "lost";
    const around = [at];
    while (around.length < 5 && around.at(-1).parentElement) around.push(around.at(-1).parentElement);
    const hasOutline = around.some((each) => {
        const {outlineStyle, outlineWidth} = getComputedStyle(each);
        return outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
    });
    if (hasOutline) return "visible";
    const looks = () => around.map((each) => {
        const {boxShadow, borderColor, backgroundColor} = getComputedStyle(each);
        return boxShadow + borderColor + backgroundColor;
    }).join();
    const focused = looks();
    at.blur();
    const blurred = looks();
    at.focus();
    const {tagName, className} = at;
    return focused === blurred ? `invisible ${tagName} ${className}` : "visible";
}"""
IS_FOCUSED = "elements => elements.includes(document.activeElement)"


class Keyboard:
    """A person who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go(self, target: Locator, key: str = "Tab") -> None:
        """Press Tab, or another key, until focus is on an element."""
        for _ in range(MOST_STEPS):
            if target.evaluate_all(IS_FOCUSED):
                return self.expect_focus()
            self.page.keyboard.press(key)
        raise AssertionError(f"{key} does not lead to {target}")

    def press(self, target: Locator, key: str = "Enter", way: str = "Tab") -> None:
        """Go to an element and press a key; focus is somewhere afterwards."""
        self.go(target, way)
        self.page.keyboard.press(key)

    def follow(self, target: Locator) -> None:
        """Press something that leads to another page."""
        before = self.page.url
        self.press(target)
        self.page.wait_for_url(lambda url: url != before)

    def type(self, target: Locator, text: str) -> None:
        """Go to a field and replace its text."""
        self.go(target)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def ask(self, prompt: str) -> None:
        """Type a prompt where the page leads with its own key and send it."""
        if not self.page.locator("#prompt").evaluate_all(IS_FOCUSED):
            self.page.keyboard.press("/")
        expect(self.page.locator("#prompt")).to_be_focused()
        self.page.keyboard.type(prompt)
        self.page.keyboard.press("Enter")

    def expect_focus(self) -> None:
        """Check that focus is on an element, and that one can see it."""
        assert self.page.evaluate(READ_FOCUS) == "visible"


@pytest.fixture
def keyboard(provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage) -> Keyboard:
    """A new conversation with two models."""
    provider.add("wise", say("서울이에요."))
    provider.add("quick", say("서울 같아요."))
    offer_model("wise", name="슬기", standing=0.9)
    offer_model("quick", name="날쌘", standing=0.3)
    return Keyboard(open_page(reduced_motion="reduce"))


def expect_done(page: Page, count: int) -> None:
    """Wait until so many turns are on screen and none runs."""
    expect(page.locator(".turn[data-status=done]")).to_have_count(count)


def test_an_answer_is_compared_followed_and_rated(keyboard: Keyboard) -> None:
    page = keyboard.page
    keyboard.ask("한국의 수도는?")
    expect_done(page, 1)
    keyboard.expect_focus()
    keyboard.press(page.locator(".candidate-line", has_text="날쌘"), way="Shift+Tab")
    keyboard.expect_focus()
    keyboard.press(page.locator(".candidate:visible").get_by_role("button", name="이 답으로 이어 가기"))
    expect(page.locator(".answer-text")).to_have_text("서울 같아요.")
    expect(page.locator("#prompt")).to_be_focused()
    keyboard.expect_focus()
    keyboard.press(page.locator(".follow-chip button"), way="Shift+Tab")
    expect(page.locator(".answer-text")).to_have_text("서울이에요.")
    keyboard.expect_focus()
    bad = page.locator(".answer-actions").get_by_role("button", name="아쉬워요")
    keyboard.press(bad, way="Shift+Tab")
    keyboard.go(page.get_by_label("빠진 내용이 있어요"), "ArrowDown")
    keyboard.type(page.get_by_label("더 알려 주실 내용"), "인구도 궁금해요.")
    keyboard.press(page.locator("#feedback-dialog").get_by_role("button", name="보내기"))
    expect(bad).to_have_attribute("aria-pressed", "true")
    expect(bad).to_be_focused()
    keyboard.expect_focus()
    rating = AnswerRating.objects.get()
    assert (rating.reason, rating.comment) == ("incomplete", "인구도 궁금해요.")


def test_a_prompt_is_edited_its_versions_stepped_and_an_answer_stopped(
    keyboard: Keyboard, provider: ProviderServer
) -> None:
    page = keyboard.page
    keyboard.ask("한국의 수도는?")
    expect_done(page, 1)
    keyboard.press(page.get_by_role("button", name="질문 수정"), way="Shift+Tab")
    keyboard.type(page.locator(".prompt-edit textarea"), "일본의 수도는?")
    page.keyboard.press("Enter")
    expect(page.locator(".versions .number")).to_have_text("2 / 2")
    expect_done(page, 1)
    keyboard.expect_focus()
    keyboard.press(page.get_by_role("button", name="이전", exact=True))
    expect(page.locator(".prompt-text")).to_have_text("한국의 수도는?")
    keyboard.expect_focus()
    keyboard.press(page.get_by_role("button", name="다음", exact=True), key="Space")
    expect(page.locator(".prompt-text")).to_have_text("일본의 수도는?")
    keyboard.expect_focus()
    for model in ("wise", "quick"):
        provider.add(model, say(LONG, delay_s=0.05))
    keyboard.ask("길게 말해 줘")
    expect(page.locator(".answer").last).to_contain_text("번째 문장이에요.")
    keyboard.press(page.get_by_role("button", name="중지"))
    expect(page.locator(".turn[data-status=stopped]")).to_be_visible()
    expect(page.locator(".stop")).to_be_hidden()
    keyboard.expect_focus()
    for model in ("wise", "quick"):
        provider.add(model, say("네."))
    keyboard.press(page.get_by_role("button", name="이어 쓰기"), way="Shift+Tab")
    expect(page.locator(".turn")).to_have_count(3)
    expect_done(page, 2)
    keyboard.expect_focus()


def test_the_picker_is_opened_and_a_preset_chosen(keyboard: Keyboard) -> None:
    page = keyboard.page
    opener = page.locator(".preferences-button")
    keyboard.press(opener)
    keyboard.go(page.locator("[name=preset][value=auto]"))
    keyboard.go(page.get_by_label("꼼꼼하게"), "ArrowDown")
    expect(page.get_by_label("꼼꼼하게")).to_be_checked()
    keyboard.press(page.get_by_label("날쌘"), key="Space")
    expect(page.get_by_label("직접 고르기")).to_be_checked()
    page.keyboard.press("Escape")
    expect(page.locator("#preferences")).to_be_hidden()
    expect(opener).to_be_focused()
    keyboard.expect_focus()


def test_a_conversation_is_renamed_shared_and_deleted(keyboard: Keyboard) -> None:
    page = keyboard.page
    keyboard.ask("한국의 수도는?")
    expect_done(page, 1)
    row = page.locator(".conversation-rows .conversation").first
    keyboard.press(row.get_by_role("button", name="이름 바꾸기"))
    keyboard.type(page.locator("#title"), "서울 이야기")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("서울 이야기")
    expect(row.get_by_role("button", name="이름 바꾸기")).to_be_focused()
    keyboard.expect_focus()
    keyboard.press(page.locator("[data-share]"))
    keyboard.press(page.get_by_role("button", name="링크 만들기"))
    expect(page.locator("#shared-dialog")).to_be_visible()
    keyboard.go(page.locator("#share-link"))
    page.keyboard.press("Escape")
    expect(page.locator("[data-share]")).to_have_text("공유 중")
    keyboard.expect_focus()
    assert Share.objects.exists()
    keyboard.follow(page.locator(".new-conversation"))
    keyboard.ask("일본의 수도는?")
    expect_done(page, 1)
    keyboard.press(page.locator(".conversation", has_text="서울 이야기").get_by_role("button", name="삭제"))
    keyboard.press(page.locator("#delete-dialog").get_by_role("button", name="삭제"))
    expect(page.locator(".conversation-rows .conversation")).to_have_count(1)
    keyboard.expect_focus()
    assert Conversation.objects.count() == 1


def test_an_account_is_made_left_and_entered_again(keyboard: Keyboard) -> None:
    page = keyboard.page
    keyboard.ask("한국의 수도는?")
    expect_done(page, 1)
    keyboard.press(page.locator(".account-button"))
    keyboard.follow(page.locator("#account-menu").get_by_role("link", name="가입하기"))
    keyboard.type(page.locator("#id_email"), "grace@example.com")
    keyboard.type(page.locator("#id_password1"), PASSWORD)
    keyboard.follow(page.locator(".form button[type=submit]"))
    expect(page.locator(".notice.success")).to_contain_text("가입했어요")
    keyboard.press(page.locator(".account-button"))
    keyboard.go(page.locator("#account-menu").get_by_role("radio", name="시스템"))
    keyboard.go(page.locator("#account-menu").get_by_role("radio", name="어둡게"), "ArrowRight")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    keyboard.press(page.locator("#account-menu").get_by_role("button", name="로그아웃"))
    expect(page.locator("#account-menu")).to_contain_text("로그인하지 않고")
    keyboard.press(page.locator(".account-button"))
    keyboard.follow(page.locator("#account-menu").get_by_role("link", name="로그인"))
    keyboard.type(page.locator("#id_login"), "grace@example.com")
    keyboard.type(page.locator("#id_password"), PASSWORD)
    keyboard.follow(page.locator(".form button[type=submit]"))
    expect(page.locator("#account-menu")).to_contain_text("grace@example.com")
    assert Turn.objects.get().conversation.owner == User.objects.get()


def log_in(page: Page, email: str, path: str) -> Keyboard:
    """Log in by keyboard on the way to a page."""
    keyboard = Keyboard(page)
    page.goto(f"/accounts/login/?next={path}")
    keyboard.type(page.locator("#id_login"), email)
    keyboard.type(page.locator("#id_password"), PASSWORD)
    keyboard.follow(page.locator(".form button[type=submit]"))
    return keyboard


def press_main(keyboard: Keyboard, words: str) -> None:
    """Press a button or link of the page's main part and wait for what comes."""
    target = keyboard.page.get_by_role("main").locator("a, button").filter(has_text=words)
    with keyboard.page.expect_navigation():
        keyboard.press(target)


def test_a_first_campaign_is_launched(
    live_site: LiveSite, settings: Settings, open_page: OpenPage, valkey: object
) -> None:
    settings.PUBLIC_URL = live_site.url
    publish_all()
    User.objects.create_user("grace", "grace@example.com", PASSWORD)
    keyboard = log_in(open_page("/healthz", reduced_motion="reduce"), "grace@example.com", "/advertise/")
    page = keyboard.page
    press_main(keyboard, "시작하기")
    keyboard.type(page.locator("#id_name"), "그레이스 여행사")
    keyboard.follow(page.locator(".form button[type=submit]"))
    press_main(keyboard, "캠페인 만들기")
    keyboard.type(page.locator("#id_name"), "제주 겨울 여행")
    press_main(keyboard, "다음: 키워드와 입찰가")
    keyboard.press(page.locator(".idea", has_text="제주 렌터카").first.locator("input"), key="Space")
    expect(page.locator("#id_broad")).to_have_value("제주 렌터카")
    keyboard.expect_focus()
    press_main(keyboard, "다음: 광고 문구")
    keyboard.type(page.locator("#id_landing_url"), "https://grace.example/jeju")
    keyboard.type(page.locator("#id_title"), "감귤밭에서 보내는 하루")
    keyboard.type(page.locator("#id_body"), "직접 따고 바로 맛봐요.")
    press_main(keyboard, "다음: 결제")
    press_main(keyboard, "50,000원")
    press_main(keyboard, "다음: 검토와 시작")
    press_main(keyboard, "검토 요청하고 승인되면 시작")
    expect(page.locator(".campaign-state").first).to_contain_text("검토 중")
    assert Campaign.objects.get().name == "제주 겨울 여행"


def test_a_waiting_ad_is_approved(live_site: LiveSite, open_page: OpenPage, valkey: object) -> None:
    waiting = Creative.objects.create(
        ad_group=make_ad().ad_group,
        title="도쿄 왕복",
        body="수하물까지 들어 있어요.",
        landing_url="https://grace.example/tokyo",
        display_domain="grace.example",
        review=Creative.Review.WAITING,
    )
    User.objects.create_superuser("root", "root@example.com", PASSWORD)
    keyboard = log_in(open_page("/healthz", reduced_motion="reduce"), "root@example.com", "/admin/")
    page = keyboard.page
    keyboard.follow(page.locator('a[href*="/admin/ads/creative/"]'))
    keyboard.follow(page.locator("#result_list").get_by_role("link", name="도쿄 왕복"))
    with page.expect_navigation():
        keyboard.press(page.locator(".review-approve"))
    waiting.refresh_from_db()
    assert waiting.review == Creative.Review.APPROVED
