"""The page of the conversation that never leaves the device."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from django.test import Client, override_settings

from aggregator.catalog.device_models import list_device_models
from aggregator.domain.crisis_help import CRISIS_HELP
from testing.site.live_site import PLAIN_STORAGES
from tests.aggregator.device_weight_files import SIZE, SMALL, folder, weights

__all__ = ["folder", "weights"]


@pytest.fixture(autouse=True)
def plain_static() -> Iterator[None]:
    """Pages are looked at without collecting static files first."""
    with override_settings(STORAGES=PLAIN_STORAGES):
        yield


def read_device(client: Client, language: str) -> dict[str, object]:
    page = client.get("/on-device/", headers={"accept-language": language}).content.decode()
    found = re.search(r'<script id="device" type="application/json">(.*?)</script>', page)
    assert found
    return cast(dict[str, object], json.loads(found[1]))


def test_the_page_names_the_models_whose_weights_are_here(client: Client, db: None, weights: bytes) -> None:
    observed = read_device(client, "ko")
    (model,) = cast(list[dict[str, object]], observed["models"])
    assert (model["name"], model["url"], model["bytes"]) == ("SmolLM2 135M", SMALL, SIZE)
    assert (model["temperature"], model["languages"]) == (0, ["en"])
    assert observed["help"] == CRISIS_HELP


def test_only_this_page_may_compile_webassembly(client: Client, db: None, weights: bytes) -> None:
    page = client.get("/on-device/")
    policy = page["Content-Security-Policy"]
    assert re.search(r"script-src [^;]*'wasm-unsafe-eval'", policy)
    assert "worker-src 'self' blob:" in policy
    assert "'unsafe-eval'" not in policy and "'unsafe-inline'" not in policy
    assert page["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    for other in ("/", "/leaderboard/", "/accounts/login/"):
        elsewhere = client.get(other)
        assert "wasm" not in elsewhere["Content-Security-Policy"]
        assert "worker-src" not in elsewhere["Content-Security-Policy"]
        assert "Cross-Origin-Embedder-Policy" not in elsewhere


def test_without_weights_the_page_says_so_and_no_link_leads_there(
    client: Client, db: None, folder: Path
) -> None:
    assert list_device_models() == []
    page = client.get("/on-device/", headers={"accept-language": "ko"})
    assert page.status_code == 200
    assert "아직 준비된 모델이 없어요" in page.content.decode()
    assert "/on-device/" not in client.get("/").content.decode()


def test_the_sidebar_links_to_the_page(client: Client, db: None, weights: bytes) -> None:
    assert 'href="/on-device/"' in client.get("/").content.decode()
