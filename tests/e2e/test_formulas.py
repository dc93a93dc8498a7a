"""Formulas in an answer, valid and hostile."""

from playwright.sync_api import expect

from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import PHONE, MakeModel, OpenPage, ask, take_picture

ANSWER = r"""이차방정식 $ax^2 + bx + c = 0$의 근은 이래요.

$$
x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}
$$

1. 판별식은 \(D = b^2 - 4ac\)이고, **세 경우**가 있어요.

   \[
   \begin{cases} D > 0 & \text{서로 다른 두 실근} \\ D = 0 & \text{중근} \\ D < 0 & \text{두 허근} \end{cases}
   \]

2. 벡터로는 $\vec{v} = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}$처럼 써요.

$$
\begin{aligned}
f'(x) &= \lim_{h \to 0} \frac{f(x+h) - f(x)}{h} \\
\int_0^1 x^2 \, dx &= \boxed{\frac{1}{3}}
\end{aligned}
$$

책은 $5이고 공책은 $10이에요. `$x$`는 코드예요."""
HOSTILE = r"""$\href{javascript:alert(1)}{x}$ $\style{position:fixed}{x}$ $\frac{a}$

$\rule{9999em}{9999em}$ $\text{<img src=x onerror=alert(1)>}$ $\color{red}{a}$

$$\kern9999em\kern9999em\kern9999em\kern9999em x$$

$\def\a{\a\a}\a$ $\hspace{-9999em} y$ $\raisebox{-9999em}{z}$"""


def test_formulas_are_typeset_and_copied_as_their_source(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say(ANSWER, delay_s=0.004))
    offer_model("wise", name="슬기")
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    ask(page, "이차방정식의 근의 공식을 알려 줘")

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    answer = page.locator(".answer-text")
    expect(answer.locator("math")).to_have_count(6)
    expect(answer.locator("math[display=block]")).to_have_count(3)
    expect(answer.locator("mfrac")).to_have_count(3)
    expect(answer).to_contain_text("책은 $5이고 공책은 $10이에요.")
    expect(answer.locator("code")).to_have_text("$x$")
    assert any("typeset" in url for url in requested)
    page.locator(".answer-actions").get_by_role("button", name="복사").click()
    expect(page.locator("#announcer")).to_have_text("복사했어요")
    assert page.evaluate("navigator.clipboard.readText()") == ANSWER
    take_picture(page, "formulas")
    page.locator(".answer-text > p").first.select_text()
    page.keyboard.press("Control+C")
    assert page.evaluate("navigator.clipboard.readText()") == "이차방정식 $ax^2 + bx + c = 0$의 근은 이래요."
    page.reload()
    expect(page.locator(".answer-text math")).to_have_count(6)


def test_a_hostile_formula_stays_in_its_box(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("mallory", say(HOSTILE))
    offer_model("mallory")
    page = open_page(**PHONE)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("request", lambda request: errors.append(request.url) if request.url.endswith("/x") else None)
    ask(page, "이상한 수식을 보여 줘")

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    answer = page.locator(".answer-text")
    expect(answer.locator("math")).to_have_count(6)
    expect(answer).to_contain_text(r"$\href{javascript:alert(1)}{x}$")
    expect(answer).to_contain_text(r"$\frac{a}$")
    expect(answer).to_contain_text(r"$\def\a{\a\a}\a$")
    assert answer.locator("a, img, script, [href], [src], [id], [onerror]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert answer.evaluate("body => body.offsetHeight") < 1500
    assert errors == []


def test_an_answer_without_formulas_does_not_load_the_library(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say("커피는 $5, 빵은 $10이에요. `$x$`"))
    offer_model("wise")
    page = open_page()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    ask(page, "커피와 빵은 얼마인가요?")

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect(page.locator(".answer-text")).to_contain_text("커피는 $5, 빵은 $10이에요.")
    assert not [url for url in requested if "typeset" in url or "formulas" in url]
