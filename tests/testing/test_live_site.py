"""The live site serves pages, static files and the websocket."""

import json

import httpx
import pytest
from websockets.sync.client import connect

from testing.site.live_site import LiveSite, live_site, site_application

__all__ = ["live_site", "site_application"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_page_a_static_file_and_the_websocket_are_served(live_site: LiveSite) -> None:
    with httpx.Client(base_url=live_site.url, timeout=30) as browser:
        page = browser.get("/")
        icon = browser.get("/static/mark.svg")
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    assert page.status_code == 200
    assert icon.headers["Content-Type"] == "image/svg+xml"
    address = live_site.url.replace("http", "ws", 1) + "/ws/"
    headers = {"Cookie": cookies, "Origin": live_site.url}
    with connect(address, additional_headers=headers, proxy=None) as socket:
        socket.send(json.dumps({"type": "ping"}))
        assert json.loads(socket.recv(timeout=10)) == {"type": "pong"}
