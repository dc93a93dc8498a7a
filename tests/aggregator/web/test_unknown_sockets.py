"""Point 15: a websocket to an unknown path is refused, not an error."""

import logging

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from testing.site.live_site import LiveSite, live_site, site_application

__all__ = ["live_site", "site_application"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("path", ["/", "/ws/x", "/ws", "/ws/ws/", "/ws/%00", "/wss/", "/admin/"])
def test_an_unknown_socket_is_refused(
    live_site: LiveSite, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    address = live_site.url.replace("http", "ws", 1) + path
    with pytest.raises(InvalidStatus) as refused:
        connect(address, additional_headers={"Origin": live_site.url}, proxy=None)
    assert refused.value.response.status_code == 403
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
