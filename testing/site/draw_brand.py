"""Draw the site's icons and its picture for link previews: `python -m testing.site.draw_brand`.

The files in static/brand are committed; draw them anew after a change of the mark.
"""

import struct
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from testing.chromium import find_browser

ROOT = Path(__file__).resolve().parents[2]
BRAND = ROOT / "static" / "brand"
FONT = ROOT / "node_modules/pretendard/dist/web/variable/woff2/PretendardVariable.woff2"
CANVAS = "#fdfcfb"
ICON_SIZES = {"apple-touch-icon.png": 180, "icon-192.png": 192, "icon-512.png": 512}
FAVICON_SIZES = (16, 32, 48)
ICON_PAGE = """<style>body {{ margin: 0; background: {background} }}
svg {{ display: block; box-sizing: border-box; width: 100vw; height: 100vh; padding: {padding}vw }}
</style>{mark}"""
# Kakao Talk crops to the middle 1200 × 600.
CARD_PAGE = """<meta charset="utf-8"><style>
@font-face {{ font-family: Pretendard; font-weight: 45 920; src: url("{font}") }}
body {{ margin: 0; height: 100vh; display: grid; align-content: center; justify-items: center; gap: 28px;
  background: {background}; color: #2b211d; font: 500 40px/1.4 Pretendard }}
svg {{ width: 190px; height: 190px }}
h1 {{ margin: 0; font-size: 104px; font-weight: 750; letter-spacing: -.02em }}
p {{ margin: 0; color: #6d5f58 }}</style>
{mark}<h1>짬뽕</h1><p>한 번 물으면 여러 AI가 답하고, 하나로 모아 드려요.</p>"""


def main() -> None:
    """Draw every file."""
    mark = (BRAND / "mark.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page = browser.new_page()
        for name, size in ICON_SIZES.items():
            page.set_content(ICON_PAGE.format(background=CANVAS, padding=14, mark=mark))
            (BRAND / name).write_bytes(shoot(page, size, size))
        page.set_content(ICON_PAGE.format(background="transparent", padding=0, mark=mark))
        (BRAND / "favicon.ico").write_bytes(
            pack_icons({size: shoot(page, size, size) for size in FAVICON_SIZES})
        )
        # A page of a file may load the font, which is a file too.
        page.goto((BRAND / "mark.svg").as_uri())
        draft = ROOT / "test-artifacts" / "card.html"
        draft.parent.mkdir(exist_ok=True)
        draft.write_text(CARD_PAGE.format(background=CANVAS, font=FONT.as_uri(), mark=mark), encoding="utf-8")
        page.goto(draft.as_uri())
        page.evaluate("document.fonts.ready")
        (BRAND / "card.png").write_bytes(shoot(page, 1200, 630))
        browser.close()


def shoot(page: Page, width: int, height: int) -> bytes:
    """Return a picture of the page in this size."""
    page.set_viewport_size({"width": width, "height": height})
    return page.screenshot(omit_background=True)


def pack_icons(pictures: dict[int, bytes]) -> bytes:
    """Return an .ico file of PNG pictures by their size in pixels."""
    offset, entries = 6 + 16 * len(pictures), b""
    for size, picture in pictures.items():
        entries += struct.pack("<BBBBHHII", size, size, 0, 0, 1, 32, len(picture), offset)
        offset += len(picture)
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + b"".join(pictures.values())


if __name__ == "__main__":
    main()
