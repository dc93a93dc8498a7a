import datetime
import uuid

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from ads.events.link_tokens import ExpiredTokenError, ForgedTokenError, LinkPurpose, sign_token, verify_token

OFFER = uuid.UUID("6f1c2a3e-0000-4000-8000-000000000001")
NOW = timezone.now()


def test_a_token_names_its_offer() -> None:
    assert verify_token(sign_token(LinkPurpose.CLICK, OFFER, at=NOW), LinkPurpose.CLICK, at=NOW) == OFFER


def test_a_token_is_valid_for_its_own_purpose_only() -> None:
    with pytest.raises(ForgedTokenError):
        verify_token(sign_token(LinkPurpose.IMPRESSION, OFFER, at=NOW), LinkPurpose.CLICK, at=NOW)


def test_a_token_expires() -> None:
    token = sign_token(LinkPurpose.CLICK, OFFER, at=NOW)
    with pytest.raises(ExpiredTokenError) as caught:
        verify_token(token, LinkPurpose.CLICK, at=NOW + datetime.timedelta(hours=2, seconds=2))
    assert caught.value.offer == OFFER


def test_the_previous_key_is_still_accepted(settings: Settings) -> None:
    settings.ADS_TOKEN_KEY = "old"
    token = sign_token(LinkPurpose.CLICK, OFFER, at=NOW)
    settings.ADS_TOKEN_KEY = "new,old"
    assert verify_token(token, LinkPurpose.CLICK, at=NOW) == OFFER
    settings.ADS_TOKEN_KEY = "newer,new"
    with pytest.raises(ForgedTokenError):
        verify_token(token, LinkPurpose.CLICK, at=NOW)


@given(position=st.integers(0, 51), letter=st.sampled_from("ABCxyz019-_"))
def test_a_token_with_one_letter_changed_is_forged(position: int, letter: str) -> None:
    token = sign_token(LinkPurpose.CLICK, OFFER, at=NOW)
    changed = token[:position] + letter + token[position + 1 :]
    if changed == token:
        return
    with pytest.raises(ForgedTokenError):
        verify_token(changed, LinkPurpose.CLICK, at=NOW)


@given(text=st.text(max_size=80))
def test_no_text_is_a_token(text: str) -> None:
    with pytest.raises(ForgedTokenError):
        verify_token(text, LinkPurpose.CLICK, at=NOW)


def test_a_token_cut_short_is_forged() -> None:
    token = sign_token(LinkPurpose.CLICK, OFFER, at=NOW)
    for length in range(len(token)):
        with pytest.raises(ForgedTokenError):
            verify_token(token[:length], LinkPurpose.CLICK, at=NOW)
