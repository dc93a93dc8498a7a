"""Sealed secrets are opened by the keys of the settings alone, and an error says nothing of them."""

import logging
import traceback

import pytest
from django.core.signing import Signer
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.sealing import UnreadableSecretError, open_sealed, reseal, seal

SECRET = "sk-ada-keeps-this-to-herself"
OLD, NEW = "an old secret of thirty-two bytes", "a new secret of thirty-two bytes!"


@given(st.text(st.characters(codec="utf-8")))
def test_every_text_is_opened_as_it_was_sealed(text: str) -> None:
    assert open_sealed(seal(text)) == text


def test_a_token_shows_neither_its_text_nor_that_two_texts_are_equal() -> None:
    tokens = {seal(SECRET) for _ in range(3)}
    assert len(tokens) == 3
    assert not any(SECRET in token for token in tokens)
    assert all(token.isascii() for token in tokens)


def test_the_first_secret_seals_and_all_open(settings: Settings) -> None:
    settings.SEALING_SECRETS = [OLD]
    token = seal(SECRET)
    settings.SEALING_SECRETS = [NEW, OLD]
    assert open_sealed(token) == SECRET
    by_new = seal(SECRET)
    settings.SEALING_SECRETS = [NEW]
    assert open_sealed(by_new) == SECRET


def test_a_resealed_secret_outlives_the_old_key(settings: Settings) -> None:
    settings.SEALING_SECRETS = [OLD]
    token = seal(SECRET)
    settings.SEALING_SECRETS = [NEW, OLD]
    resealed = reseal(token)
    settings.SEALING_SECRETS = [NEW]
    assert open_sealed(resealed) == SECRET
    # Also the cache of opened tokens does not outlive its key.
    with pytest.raises(UnreadableSecretError):
        open_sealed(token)


@pytest.mark.parametrize("token", ["", "sk-plain", "짬뽕", "gAAAAA==", "\0"])
def test_what_is_no_token_is_unreadable(token: str) -> None:
    for read in (open_sealed, reseal):
        with pytest.raises(UnreadableSecretError):
            read(token)


def test_a_changed_token_is_unreadable() -> None:
    token = seal(SECRET)
    changed = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    with pytest.raises(UnreadableSecretError):
        open_sealed(changed)


def test_an_error_says_nothing_of_the_token_or_the_keys(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SEALING_SECRETS = [OLD]
    token = seal(SECRET)
    settings.SEALING_SECRETS = [NEW]
    with caplog.at_level(logging.DEBUG), pytest.raises(UnreadableSecretError) as caught:
        open_sealed(token)
    output = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert not any(text in output for text in (token, SECRET, OLD, NEW))
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_a_former_secret_key_still_opens_and_signs(settings: Settings) -> None:
    signed = Signer().sign("ada")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = NEW
    assert Signer().unsign(signed) == "ada"
