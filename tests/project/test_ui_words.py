"""The catalogs keep to the words of docs/words.md."""

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(
    r"^\| (?P<korean>[^|]*[가-힣][^|]*) \| (?P<english>[^|]+) \|(?P<replaced>.*)\|$", re.MULTILINE
)
# Messages in which a pattern has its plain meaning.
ALLOWED = {
    "진짜 돈이 아니에요. 결제를 연결하기 전까지 시험용으로 쓰는 잔액이에요.": "money as such, not a balance",
    "돈을 벌거나 빌리는 내용이에요": "what a prompt is about",
    "돈과 경제": "a topic of prompts",
}


def read_catalog() -> Catalog:
    with (ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po").open("rb") as catalog:
        return read_po(catalog, locale="en")


def read_rows() -> list[tuple[str, str, list[str]]]:
    """Return the rows of the table: Korean, English, and the patterns of what is not said."""
    text = (ROOT / "docs" / "words.md").read_text()
    return [
        (
            row["korean"].strip(),
            row["english"].strip(),
            [pattern.replace(r"\|", "|") for pattern in re.findall(r"`([^`]+)`", row["replaced"])],
        )
        for row in ROW.finditer(text)
    ]


def list_messages() -> list[str]:
    """Return every message in Korean; of plural forms, the first."""
    ids = (message.id for message in read_catalog() if message.id)
    return [each if isinstance(each, str) else each[0] for each in ids]


def test_a_word_has_one_english() -> None:
    catalog = read_catalog()
    messages = {korean: (catalog.get(korean), english) for korean, english, _ in read_rows()}
    differing = {
        korean: message.string
        for korean, (message, english) in messages.items()
        if message and message.string != english
    }
    assert differing == {}


def test_no_message_says_a_replaced_word() -> None:
    messages = [message for message in list_messages() if message not in ALLOWED]
    found = {
        message: pattern
        for _, _, patterns in read_rows()
        for pattern in patterns
        for message in messages
        if re.search(pattern, message)
    }
    assert found == {}


def test_every_exception_is_needed() -> None:
    messages = set(list_messages())
    assert [message for message in ALLOWED if message not in messages] == []
