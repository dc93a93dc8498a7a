"""A dropped or pasted file is answered in words, and the page and its text stay."""

from playwright.sync_api import Page, expect

from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, Size

NOTICE = "파일은 아직 읽지 못해요."
# Fires an event with a file or a text, as the browser would, and returns whether the page took it over.
SEND = """
([selector, type, text, withPicture]) => {
  const transfer = new DataTransfer();
  if (withPicture) transfer.items.add(new File(["png"], "그림.png", { type: "image/png" }));
  if (text) transfer.setData("text/plain", text);
  const options = { bubbles: true, cancelable: true };
  const event = type === "paste"
    ? new ClipboardEvent(type, { ...options, clipboardData: transfer })
    : new DragEvent(type, { ...options, dataTransfer: transfer });
  return !document.querySelector(selector).dispatchEvent(event);
}
"""


def send(page: Page, selector: str, kind: str, *, text: str = "", picture: bool = True) -> bool:
    """Drop or paste on an element; return whether the page kept the browser from acting."""
    return bool(page.evaluate(SEND, [selector, kind, text, picture]))


def test_a_dropped_picture_is_answered_and_the_page_stays(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say("네."))
    offer_model("wise")
    page = open_page(**size)
    page.locator("#prompt").fill("쓰던 글")
    address = page.url
    assert send(page, ".transcript", "dragover")
    expect(page.locator(".composer.drop-target")).to_be_visible()
    assert send(page, ".transcript", "drop")

    expect(page.locator(".error-notice")).to_contain_text(NOTICE)
    expect(page.locator(".composer.drop-target")).to_have_count(0)
    expect(page.locator("#prompt")).to_have_value("쓰던 글")
    assert page.url == address
    page.locator("#prompt").press("End")
    page.keyboard.type("!")
    expect(page.locator(".error-notice")).to_be_hidden()


def test_a_pasted_picture_is_answered_but_a_pasted_table_is_text(open_page: OpenPage, size: Size) -> None:
    page = open_page(**size)
    notice = page.locator(".error-notice")
    assert not send(page, "#prompt", "paste", text="이름\t나이")
    expect(notice).to_be_hidden()
    send(page, "#prompt", "paste")
    expect(notice).to_contain_text(NOTICE)


def test_text_dropped_beside_the_field_goes_into_it(open_page: OpenPage, size: Size) -> None:
    page = open_page(**size)
    page.locator("#prompt").fill("번역해 줘: ")
    page.locator("#prompt").press("End")
    assert send(page, ".composer-foot", "drop", text="hello", picture=False)
    expect(page.locator("#prompt")).to_have_value("번역해 줘: hello")
    expect(page.locator(".error-notice")).to_be_hidden()
    assert not send(page, "#prompt", "drop", text="hello", picture=False)
