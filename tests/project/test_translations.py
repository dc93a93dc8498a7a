"""Korean in the source, English in the catalog, and neither in the other's pages."""

import ast
import gettext
import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.apps import apps
from django.test import Client
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation.template import templatize

from accounts.models import User
from aggregator.domain.messages import refusal_message_for_scope

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ROOT / "locale"
ENGLISH = LOCALE / "en" / "LC_MESSAGES" / "django.po"
CATALOGS = sorted(LOCALE.rglob("*.po"))
IN_PYTHON = re.compile(r"_|[np]?gettext(?:_lazy|_noop)?")
IN_TEMPLATE = re.compile(r"(?<![\w.])(_|n?gettext|pgettext)\((.*?)(?:,\s*count)?\) ", re.DOTALL)
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
HANGUL = re.compile(r"[ㄱ-ㅎㅏ-ㅣ가-힣]+")
BOTH = {"짬뽕", "한국어"}
ENGLISH_WORDS = re.compile(
    r"\b(Sign (?:in|up|out)|Log (?:in|out)|Passwords?|Emails?|Remember|Forgot|Submit|Cancel|Save|Search"
    r"|Add|Change|Delete|Filters?|Select|Run|Return to site|This field|Ensure|Enter (?:a|an|the))\b"
)
PUBLIC_PAGES = ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/advertise/"]

ContextAndText = tuple[str, str]


class VisibleText(HTMLParser):
    """Everything that a person can read or hear on a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.is_code = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_code = tag in {"script", "style"}
        kept = ("aria-label", "title", "placeholder", "alt", "content")
        self.words += [value for name, value in attrs if name in kept and value]

    def handle_endtag(self, tag: str) -> None:
        self.is_code = False

    def handle_data(self, data: str) -> None:
        if not self.is_code:
            self.words.append(data)


def read_catalog(path: Path) -> Catalog:
    with path.open("rb") as source:
        return read_po(source)


def list_messages(path: Path) -> list[Message]:
    return [message for message in read_catalog(path) if message.id]


def as_texts(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or [""])


def find_in_python(path: Path) -> Iterator[ContextAndText]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if not IN_PYTHON.fullmatch(node.func.id):
            continue
        texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
        assert texts, f"{path}:{node.lineno} hides its words from the extraction"
        yield split_context(node.func.id, [str(each) for each in texts])


def find_in_template(path: Path) -> Iterator[ContextAndText]:
    for call, words in IN_TEMPLATE.findall(templatize(path.read_text(encoding="utf-8"), origin=str(path))):
        texts = ast.literal_eval(f"[{words}]")
        yield split_context(call, texts)


def split_context(call: str, texts: list[str]) -> ContextAndText:
    """Return the context, which is mostly empty, and the text."""
    return (texts[0], texts[1]) if call.startswith("pgettext") else ("", texts[0])


def find_messages() -> dict[ContextAndText, str]:
    """Every string of the project that goes through gettext, and where."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "templates"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603
    messages: dict[ContextAndText, str] = {}
    for name in names.splitlines():
        path = ROOT / name
        if not path.is_file() or path.suffix not in {".py", ".html", ".txt"} or name.startswith("tests/"):
            continue
        found = find_in_python(path) if path.suffix == ".py" else find_in_template(path)
        messages |= dict.fromkeys(found, name)
    return messages


def test_every_message_has_its_english() -> None:
    catalog, messages = read_catalog(ENGLISH), find_messages()
    missing = {}
    for (context, text), where in messages.items():
        message = catalog.get(text, context or None)
        if message is None or message.fuzzy or not all(as_texts(message.string)):
            missing[text] = where
    assert len(messages) > 600
    assert missing == {}, "add their English to locale/en/LC_MESSAGES/django.po"


def test_the_admin_s_english_heads_all_begin_alike() -> None:
    with translation.override("en"):
        heads = [
            str(name)
            for model in apps.get_models()
            for name in (
                *(getattr(field, "verbose_name", "") for field in model._meta.get_fields()),
                model._meta.verbose_name,
                model._meta.verbose_name_plural,
            )
            if model._meta.app_label in {"ads", "aggregator"} and isinstance(name, Promise)
        ]
    assert len(heads) > 150
    assert [head for head in heads if head[:1].islower()] == []


def test_english_is_written_without_hangul() -> None:
    spoken = {text: HANGUL.findall(text) for each in list_messages(ENGLISH) for text in as_texts(each.string)}
    assert {text for text, hangul in spoken.items() if not set(hangul) <= BOTH} == set()


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parent.parent.name)
def test_a_translation_fills_the_same_places(path: Path) -> None:
    different = {}
    for message in list_messages(path):
        wanted = sorted(PLACE.findall(as_texts(message.id)[-1]))
        for text in as_texts(message.string):
            if sorted(PLACE.findall(text)) != wanted:
                different[text] = wanted
    assert different == {}


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parent.parent.name)
def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    with path.with_suffix(".mo").open("rb") as compiled:
        catalog = gettext.GNUTranslations(compiled)
    stale = []
    for message in list_messages(path):
        text, *plural = as_texts(message.id)
        if plural:
            is_same = catalog.ngettext(text, plural[0], 2) == as_texts(message.string)[-1]
        elif message.context:
            is_same = catalog.pgettext(message.context, text) == message.string
        else:
            is_same = catalog.gettext(text) == message.string
        if not is_same:
            stale.append(text)
    assert stale == [], "run make setup"


def read_page(client: Client, where: str, language: str) -> str:
    page = client.get(where, headers={"accept-language": language}, follow=True)
    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.content.decode()
    return page.content.decode()


@pytest.mark.parametrize("where", PUBLIC_PAGES)
def test_an_english_reader_meets_no_hangul(client: Client, db: None, where: str) -> None:
    assert set(HANGUL.findall(read_page(client, where, "en"))) <= BOTH


@pytest.mark.parametrize("where", PUBLIC_PAGES)
def test_a_korean_reader_meets_no_english(client: Client, db: None, where: str) -> None:
    shown = " ".join(VisibleText(read_page(client, where, "ko")).words)
    assert ENGLISH_WORDS.findall(shown) == []


@pytest.mark.parametrize(
    ("cookie", "accepted", "begins"),
    [("", "", "아직"), ("", "en-US,en;q=0.9,ko;q=0.8", "Still"), ("ko", "en", "아직"), ("en", "ko", "Still")],
)
def test_a_refusal_over_the_socket_is_in_the_language_of_its_page(
    cookie: str, accepted: str, begins: str
) -> None:
    cookies = {"django_language": cookie} if cookie else {}
    message = refusal_message_for_scope(
        "turn_running", {"cookies": cookies, "headers": [(b"accept-language", accepted.encode())]}
    )
    assert message.startswith(begins)


def test_libraries_say_in_korean_what_to_do_next(client: Client, db: None) -> None:
    page = client.post("/accounts/signup/", {"email": "ada", "password1": "12"}).content.decode()
    assert "이메일 주소를 다시 확인해 주세요." in page
    assert "비밀번호가 짧아요. 8자 이상으로 정해 주세요." in page


@pytest.mark.parametrize("where", ["/admin/", "/admin/ads/campaign/", "/admin/aggregator/listing/"])
def test_the_admin_is_korean_too(client: Client, ada: User, where: str) -> None:
    User.objects.filter(pk=ada.pk).update(is_staff=True, is_superuser=True)
    client.force_login(ada)
    shown = " ".join(VisibleText(read_page(client, where, "ko")).words)
    assert ENGLISH_WORDS.findall(shown) == []
