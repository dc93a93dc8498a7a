"""A request that is refused before any view gets a page of ours, in the reader's language."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "words"), [("ko", "안전을 위해 요청을 막았어요"), ("en", "blocked to keep you safe")]
)
def test_a_form_without_its_token_is_answered_by_a_page(language: str, words: str) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    response = client.post("/accounts/login/", {"login": "ada"})
    assert response.status_code == 403
    assert words in response.text


def test_a_request_with_too_many_fields_is_answered_by_a_page() -> None:
    fields = {f"field{number}": "1" for number in range(1_500)}
    response = Client(headers={"accept-language": "ko"}).post("/accounts/login/", fields)
    assert response.status_code == 400
    assert "요청을 이해하지 못했어요" in response.text
