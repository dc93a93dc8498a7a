"""One turn with a real language model, from its weights to the page."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from accounts.models import User
from aggregator.models import Listing
from aggregator.services import api_keys
from config.data_dir import ROOT
from stack.install.weights import SMOLLM2
from stack.servers.local_models import LocalModel
from testing.factories import ListingFactory
from testing.site.live_site import LiveSite
from tests.e2e.conftest import OpenPage, ask

# Downloaded once and shared with `make run`; the tests' own data folder is deleted after each session.
KEPT = ROOT / "var"
FETCH = (
    "from pathlib import Path; from stack.progress import Console;"
    "from stack.install.weights import SMOLLM2, fetch_weights;"
    f"fetch_weights(SMOLLM2, Path({str(KEPT / 'models')!r}), Console())"
)
LOAD_SECONDS = 60


@pytest.fixture(scope="session")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModel]:
    """SmolLM2, loaded and serving."""
    # In another process, since this one may not open sockets to other hosts.
    subprocess.run([sys.executable, "-c", FETCH], cwd=ROOT, check=True)  # noqa: S603
    model = LocalModel(SMOLLM2, KEPT)
    (KEPT / "logs").mkdir(exist_ok=True)
    process = model.launch()
    ends = time.monotonic() + LOAD_SECONDS
    while not model.is_ready():
        assert process.poll() is None and time.monotonic() < ends, Path(model.log).read_text("utf-8")[-500:]
        time.sleep(0.1)
    yield model
    process.terminate()
    process.wait(10)


@pytest.fixture
def offered(smollm2: LocalModel, transactional_db: None) -> Listing:
    """SmolLM2 on offer."""
    listing: Listing = ListingFactory.create(
        slug=smollm2.slug,
        name="SmolLM2 135M",
        vendor="Hugging Face",
        provider="local",
        litellm_model=f"openai/{smollm2.slug}",
        api_base=smollm2.url,
        input_price_micros=10,
        output_price_micros=50,
        output_limit=64,
        context_window=2_048,
        languages=["en"],
    )
    return listing


@pytest.mark.weights
@pytest.mark.usefixtures("offered")
def test_a_real_small_model_answers_on_the_page(open_page: OpenPage) -> None:
    page = open_page(locale="en-US")
    ask(page, "What is the capital of France?")

    expect(page.locator(".turn[data-status=done]")).to_be_visible(timeout=90_000)
    # Such a small model may be wrong about Paris, so only words are expected.
    expect(page.locator(".answer-text")).to_contain_text(re.compile(r"[A-Za-z]{3,}\s+[A-Za-z]{2,}"))
    page.locator(".candidate-line").click()
    expect(page.locator(".candidate-figures")).to_contain_text("characters")


@pytest.mark.weights
def test_a_program_gets_no_more_tokens_than_it_asked_for(
    offered: Listing, live_site: LiveSite, ada: User
) -> None:
    key = api_keys.issue_api_key(owner=ada, name="laptop")
    body = {
        "model": offered.slug,
        "messages": [{"role": "user", "content": "Tell me a long story about a fox."}],
        "temperature": 0,
        "seed": 7,
    }
    answers = []
    for change in ({"max_tokens": 5}, {"max_tokens": 5}, {"max_tokens": 60, "stop": " "}):
        answered = httpx.post(
            f"{live_site.url}/v1/chat/completions",
            json=body | change,
            headers={"Authorization": f"Bearer {key}"},
            timeout=90,
        ).json()
        answers.append(
            (answered["choices"][0]["message"]["content"], answered["choices"][0]["finish_reason"])
        )
        assert answered["usage"]["completion_tokens"] <= change["max_tokens"]
    cut, again, first_word = answers
    assert cut == again
    assert cut[1] == "length"
    assert first_word[1] == "stop"
    assert first_word[0] and " " not in first_word[0].strip()
