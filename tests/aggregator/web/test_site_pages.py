"""The help page, what crawlers and messengers read, and the icons."""

import re
import struct
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client, override_settings

from accounts.models import User
from aggregator.models import Conversation, Share
from aggregator.services.sharing import SUMMARY_LENGTH, summarize_answer
from testing.site.live_site import PLAIN_STORAGES
from tests.aggregator.test_earlier_turns import long_conversation

pytestmark = pytest.mark.django_db
META = re.compile(r'<meta\s+(?:property|name)="([\w:]+)"\s+content="([^"]*)">')
PUBLIC_URL = "https://jjamppong.example"


@pytest.fixture(autouse=True)
def public_site() -> Iterator[None]:
    """The site has an address of its own; pages are looked at without collecting static files first."""
    with override_settings(STORAGES=PLAIN_STORAGES, PUBLIC_URL=PUBLIC_URL):
        yield


def read_meta(path: str, **headers: str) -> dict[str, str]:
    """Return the meta elements of a page by their names."""
    shown = Client(headers=headers).get(path).content.decode()
    return {name: unescape(content) for name, content in META.findall(shown)}


def make_share(owner: User, prompt: str, answer: str) -> Share:
    """Return the public copy of one question and its answer."""
    turn = {"prompt": prompt, "answer": answer, "kind": "best", "name": "슬기", "written": 1, "others": []}
    conversation: Conversation = long_conversation(owner, 1)
    return Share.objects.create(conversation=conversation, token="t" * 43, title=prompt[:40], turns=[turn])


def test_every_page_has_a_preview_with_absolute_addresses() -> None:
    meta = read_meta("/help/")
    assert meta["og:site_name"] == "짬뽕"
    assert meta["og:title"] == "짬뽕"
    assert meta["og:description"].startswith("한 번 물으면")
    assert meta["og:url"] == f"{PUBLIC_URL}/help/"
    assert meta["og:image"] == f"{PUBLIC_URL}/static/card.png"
    assert meta["og:locale"] == "ko_KR"
    assert meta["twitter:card"] == "summary_large_image"
    assert read_meta("/help/", accept_language="en")["og:locale"] == "en_US"


def test_a_shared_link_is_previewed_by_its_question_and_answer(ada: User) -> None:
    share = make_share(
        ada, 'A"><script>와 수도', "# 답\n\n**서울**이에요. [지도](http://x.example)도 있어요."
    )
    meta = read_meta(f"/s/{share.token}/")
    assert meta["og:title"] == 'A"><script>와 수도'
    assert meta["og:description"] == "답 서울이에요. 지도도 있어요."
    assert meta["og:url"] == f"{PUBLIC_URL}/s/{share.token}/"
    assert meta["og:image"] == f"{PUBLIC_URL}/s/{share.token}/card.png"


@pytest.mark.parametrize(
    ("answer", "summary"),
    [
        ("1. 하나\n2. 둘\n\n| a | b |\n|---|---|\n| 1 | 2 |", "하나 둘 a b 1 2"),
        ("`snake_case`와 _강조_, 3 - 2 = $1$", "snake_case와 강조, 3 - 2 = 1"),
        ("```py\nx = 1\n```\n끝", "x = 1 끝"),
        ("가" * 500, "가" * SUMMARY_LENGTH + "…"),
        ("***\n", ""),
    ],
)
def test_a_summary_is_one_line_without_marks(answer: str, summary: str) -> None:
    assert summarize_answer(answer) == summary


def test_robots_may_preview_shared_links_and_read_nothing_private() -> None:
    answer = Client().get("/robots.txt")
    lines = answer.content.decode().splitlines()
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert {"User-agent: *", "Disallow: /c/", "Disallow: /accounts/", "Disallow: /v1/"} <= set(lines)
    assert not any(line.startswith("Disallow: /s") for line in lines)
    assert f"Sitemap: {PUBLIC_URL}/sitemap.xml" in lines


def test_every_page_of_the_sitemap_opens_without_login() -> None:
    answer = Client().get("/sitemap.xml")
    addresses = re.findall(r"<loc>(.*?)</loc>", answer.content.decode())
    assert answer.headers["Content-Type"].startswith("application/xml")
    assert answer.content.startswith(b"<?xml")
    assert {f"{PUBLIC_URL}/", f"{PUBLIC_URL}/help/", f"{PUBLIC_URL}/advertise/"} <= set(addresses)
    assert {Client().get(urlsplit(each).path).status_code for each in addresses} == {200}


def test_the_icons_are_pictures_of_the_sizes_that_are_named() -> None:
    assert Client().get("/favicon.ico").headers["Location"] == "/static/favicon.ico"
    for name, size in {
        "apple-touch-icon.png": (180, 180),
        "icon-192.png": (192, 192),
        "icon-512.png": (512, 512),
        "card.png": (1200, 630),
    }.items():
        picture = Path(str(finders.find(name))).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert struct.unpack(">II", picture[16:24]) == size
    assert Path(str(finders.find("favicon.ico"))).read_bytes().startswith(b"\0\0\1\0")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_help_page_says_the_limits_and_calls_the_help_lines(language: str) -> None:
    shown = Client(headers={"accept-language": language}).get("/help/").content.decode()
    for limit in (settings.GUEST_TURNS_PER_DAY, settings.ACCOUNT_TURNS_PER_DAY):
        assert re.search(rf"\b{limit:,}|{limit}", shown)
    for number in ("109", "1577-0199", "1388", "119", "112"):
        assert f'href="tel:{number}"' in shown


def test_the_help_page_is_linked_from_the_conversation_page_and_from_the_footer() -> None:
    for path in ("/", "/leaderboard/"):
        assert 'href="/help/"' in Client().get(path).content.decode()
