"""The picture that messengers show of a shared link: the question in large letters."""

import io
from typing import Final

from django.contrib.staticfiles import finders
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1200, 630
MARGIN: Final = 76
# Kakao Talk crops the picture to the middle 600 pixels of its height.
MARK_TOP, MARK_SIZE, NOTE_TOP = 62, 92, 510
QUESTION_TOP, QUESTION_BOTTOM = 170, 494
CANVAS, TEXT, QUIET = "#fdfcfb", "#2b211d", "#6d5f58"
# The size of the letters for at most so many lines; a longer question is cut after the last.
SIZES: Final = ((76, 2), (62, 3), (54, 4))
LEADING: Final = 1.36
MAX_CHARS: Final = 400
# The private-use code point that no font has a glyph for.
NO_GLYPH: Final = "\U0010ffff"
# Below this share of drawable characters, what is left would not be the question any more.
LEAST_DRAWABLE: Final = 0.4


def draw_card(question: str, written: int) -> bytes | None:
    """Return a PNG of a question that `written` models answered; None if the font cannot write it."""
    font_path = finders.find("fonts/Pretendard-SemiBold.otf")
    if not font_path:
        return None
    line = _keep_drawable(" ".join(question[:MAX_CHARS].split()), ImageFont.truetype(font_path, 40))
    if not line:
        return None
    picture = Image.new("RGB", (WIDTH, HEIGHT), CANVAS)
    draw = ImageDraw.Draw(picture)
    _draw_mark(picture)
    small = ImageFont.truetype(font_path, 46)
    draw.text((MARGIN + MARK_SIZE + 8, MARK_TOP + MARK_SIZE / 2), _("짬뽕"), TEXT, small, anchor="lm")
    lines, font = _fit(line, font_path)
    step = font.size * LEADING
    top = QUESTION_TOP + (QUESTION_BOTTOM - QUESTION_TOP - step * len(lines)) / 2
    for place, text in enumerate(lines):
        draw.text((MARGIN, top + step * (place + 0.5)), text, TEXT, font, anchor="lm")
    draw.text((MARGIN, NOTE_TOP), _note(written), QUIET, ImageFont.truetype(font_path, 36))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _note(written: int) -> str:
    if written < 2:
        return _("AI가 답했어요")
    return _("AI %(number)s개가 답했어요") % {"number": written}


def _draw_mark(picture: Image.Image) -> None:
    path = finders.find("icon-192.png")
    if path:
        with Image.open(path) as icon:
            mark = icon.convert("RGB").resize((MARK_SIZE, MARK_SIZE), Image.Resampling.LANCZOS)
        picture.paste(mark, (MARGIN - 12, MARK_TOP))


def _keep_drawable(line: str, font: ImageFont.FreeTypeFont) -> str:
    """Return a line without the characters that the font lacks; empty if too little is left."""
    missing = _shape(NO_GLYPH, font)
    lacking = {each for each in set(line) if each != " " and _shape(each, font) == missing}
    kept = "".join(each for each in line if each not in lacking)
    is_enough = len(kept.replace(" ", "")) >= LEAST_DRAWABLE * len(line.replace(" ", ""))
    return " ".join(kept.split()) if is_enough else ""


def _shape(character: str, font: ImageFont.FreeTypeFont) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)


def _fit(line: str, font_path: str) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """Return the lines of a question, and the largest font in which they have room."""
    for size, most in SIZES:
        font = ImageFont.truetype(font_path, size)
        lines = _wrap(line, font)
        if len(lines) <= most:
            return lines, font
    return [*lines[: most - 1], _cut(lines[most - 1], font)], font


def _wrap(line: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """Return a line broken between words, and within those that are too long."""
    width, lines = WIDTH - 2 * MARGIN, [""]
    for word in line.split():
        joined = f"{lines[-1]} {word}".strip()
        if font.getlength(joined) <= width:
            lines[-1] = joined
            continue
        parts = _split_word(word, font, width)
        lines += parts if lines[-1] else []
        lines = lines if lines[-1] else parts
    return lines


def _split_word(word: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    parts = [""]
    for character in word:
        if font.getlength(parts[-1] + character) > width:
            parts.append("")
        parts[-1] += character
    return parts


def _cut(line: str, font: ImageFont.FreeTypeFont) -> str:
    """Return the last line that has room, with an ellipsis."""
    while line and font.getlength(f"{line}…") > WIDTH - 2 * MARGIN:
        line = line[:-1]
    return f"{line.rstrip()}…"
