"""The picture of a shared link."""

import io
from collections.abc import Iterator

import pytest
from django.test import Client, override_settings
from PIL import Image

from accounts.models import User
from aggregator.models import Share
from aggregator.services import sharing
from aggregator.web.share_card import HEIGHT, WIDTH, draw_card
from testing.site.live_site import PLAIN_STORAGES
from tests.aggregator.web.test_site_pages import make_share


@pytest.fixture(autouse=True)
def plain_static() -> Iterator[None]:
    """Static files have the names of their sources."""
    with override_settings(STORAGES=PLAIN_STORAGES):
        yield


def read_picture(picture: bytes | None) -> Image.Image:
    """Return a picture of the right kind and size."""
    assert picture
    opened = Image.open(io.BytesIO(picture))
    assert (opened.format, opened.size) == ("PNG", (WIDTH, HEIGHT))
    return opened


@pytest.mark.django_db
def test_each_question_has_its_picture_until_the_link_is_withdrawn(ada: User) -> None:
    share: Share = make_share(ada, "한국의 수도는 어디인가요?", "서울이에요.")
    path = f"/s/{share.token}/card.png"
    answer = Client().get(path)
    read_picture(answer.content)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert Client().get(path).content == answer.content
    sharing.withdraw_share(share=share)
    assert Client().get(path).status_code == 404


@pytest.mark.django_db
def test_a_question_that_the_font_lacks_has_the_site_s_picture(ada: User) -> None:
    share: Share = make_share(ada, "ما هي عاصمة كوريا؟", "서울이에요.")
    assert Client().get(f"/s/{share.token}/card.png").headers["Location"] == "/static/card.png"


def test_pictures_differ_by_question_and_number_of_answers() -> None:
    pictures = {
        draw_card(*values) for values in (("수도가 어디예요?", 1), ("수도가 어디예요?", 3), ("인구는?", 3))
    }
    assert len(pictures) == 3
    assert None not in pictures


@pytest.mark.parametrize(
    "question",
    [
        "가" * 10_000,
        "여러 낱말로 된 아주 긴 질문 " * 500,
        "supercalifragilistic" * 100,
        "학교 學校 이름을 지어 줘 🍜🎉",
        "‮거꾸로‬ 쓴 글과 \x00 제어 문자",
        "줄을\n\n\t나눈 질문",
    ],
    ids=["one-word", "many-words", "latin", "hanja-emoji", "rtl", "lines"],
)
def test_long_and_strange_questions_are_drawn_within_the_picture(question: str) -> None:
    picture = read_picture(draw_card(question, 3)).convert("L")
    # The margins that messengers crop stay empty.
    for edge in ((0, 0, WIDTH, 15), (0, HEIGHT - 15, WIDTH, HEIGHT), (WIDTH - 40, 0, WIDTH, HEIGHT)):
        assert min(picture.crop(edge).tobytes()) > 240


@pytest.mark.parametrize("question", ["", "🍜🎉😀", "   "])
def test_nothing_is_drawn_of_a_question_without_letters(question: str) -> None:
    assert draw_card(question, 1) is None
