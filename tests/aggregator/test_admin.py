"""What an admin reads of turns is in words, in the language of the page."""

from pathlib import Path
from types import ModuleType

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import ads.admin
import aggregator.admin
from accounts.models import User
from aggregator.models import Conversation, Turn
from testing.factories import UserFactory


@pytest.fixture
def staff(client: Client, db: None) -> User:
    """Whoever runs this installation, logged in."""
    staff = UserFactory.create(username="staff", is_staff=True, is_superuser=True)
    client.force_login(staff)
    return staff


@pytest.mark.parametrize("package", [aggregator.admin, ads.admin], ids=lambda package: package.__name__)
def test_every_module_that_registers_a_table_is_imported(package: ModuleType) -> None:
    modules = Path(package.__path__[0]).glob("*.py")
    registering = {path.stem for path in modules if "@admin.register(" in path.read_text(encoding="utf-8")}
    imported = {type(table).__module__ for table in admin.site._registry.values()}
    missing = sorted(name for name in registering if f"{package.__name__}.{name}" not in imported)
    assert missing == [], f"import these in {package.__name__}"


@pytest.mark.parametrize(
    "model",
    [model._meta.model_name for model in admin.site._registry if model._meta.app_label == "aggregator"],
)
def test_every_table_opens(client: Client, staff: User, model: str) -> None:
    assert client.get(reverse(f"admin:aggregator_{model}_changelist")).status_code == 200


@pytest.mark.parametrize(
    ("language", "title", "words", "foreign"),
    [
        ("ko", "질문 목록 | 짬뽕", ("영어", "하나만 나온 답", "맞는 광고가 없음"), "Select"),
        ("en", "Select Question to view | Jjamppong", ("English", "Only answer", "No ad matches"), "짬뽕"),
    ],
)
def test_turns_are_listed_and_filtered_by_labels(
    client: Client, staff: User, language: str, title: str, words: tuple[str, ...], foreign: str
) -> None:
    Turn.objects.create(
        conversation=Conversation.objects.create(owner=staff, updated_at=timezone.now()),
        number=1,
        prompt="Hello?",
        language="en",
        status=Turn.Status.DONE,
        closed_at=timezone.now(),
        answer_kind="lone",
        placement={"ad": None, "reason": "no_match"},
    )
    path = "/admin/aggregator/turn/"
    page = client.get(path, headers={"accept-language": language}).content.decode()
    assert " ".join(page[page.index("<title>") + 7 : page.index("</title>")].split()) == title
    listed = page[page.index('id="result_list"') :]
    assert [word for word in words if word not in listed] == []
    assert "no_match" not in page and foreign not in listed
    assert "?answer_kind=lone" in page
    assert "Hello?" in client.get(f"{path}?answer_kind=lone").content.decode()
