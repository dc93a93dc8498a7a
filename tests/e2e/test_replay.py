"""Recorded answers of real models on the site, where the recordings are available."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings as project
from django.db import connection
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from aggregator.models import Turn
from aggregator.services.listings import sync_listings
from testing.provider.recordings import Recordings
from testing.provider.server import ProviderServer
from tests.e2e.conftest import OpenPage, ask, take_picture

DATA = (Path(project.BASE_DIR) / "../shared/data").resolve()
RECORDED = DATA / "open_answers" / "ko_arena.jsonl.gz"


def _sync() -> None:
    sync_listings()
    connection.close()


@pytest.mark.skipif(not RECORDED.exists(), reason=f"no recorded answers in {DATA}")
@pytest.mark.django_db(transaction=True)
def test_a_korean_prompt_of_the_recording_shows_four_recorded_candidates_and_a_ranking(
    provider: ProviderServer, open_page: OpenPage, settings: Settings
) -> None:
    recordings = Recordings.read_korean(DATA, rate=0)
    prompt = min((text for text in recordings.answers if len(text) > 20), key=len)
    provider.find_script, provider.listed = recordings.find_script, recordings.list_models()
    settings.OPENAI_COMPATIBLE_URL, settings.PANEL_SIZE = f"{provider.url}/v1", 4
    with ThreadPoolExecutor(1) as executor:
        # This thread runs the browser's event loop, and listing the provider's models starts another.
        executor.submit(_sync).result()
    page = open_page()
    ask(page, prompt)

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect(page.locator(".candidate-line")).to_have_count(4)
    take_picture(page, "replay")
    turn = Turn.objects.get()
    texts = recordings.answers[prompt]
    assert turn.ranking is not None and len(turn.ranking["standings"]) == 4
    assert turn.answer_kind in {"best", "vote", "fused"}
    for candidate in turn.candidates.all():
        assert candidate.text.split() == texts[candidate.model_name].split()
