"""An HTTP call to the ad service with a total deadline."""

import json
import socket
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from ads.contract import ContractError
from ads.events.link_tokens import service_key


def call_service(url: str, path: str, body: bytes | None, deadline: float) -> dict[str, object]:
    """Return the JSON document that the service answers; raises TimeoutError and ContractError."""
    address = urlsplit(url)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=deadline)
    # A socket timeout restarts with every byte; shutting the socket down enforces a total deadline.
    watchdog = threading.Timer(deadline, _shut_down, [connection])
    deadline_at = time.monotonic() + deadline
    watchdog.start()
    try:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {service_key()}"}
        connection.request("POST" if body else "GET", f"{address.path}/ads/api/{path}", body, headers)
        reply = connection.getresponse()
        document = json.loads(reply.read())
    except (OSError, HTTPException, ValueError) as error:
        if time.monotonic() >= deadline_at:
            raise TimeoutError from error
        raise ContractError(str(error)) from error
    finally:
        watchdog.cancel()
        connection.close()
    if reply.status != 200 or not isinstance(document, dict):
        raise ContractError(f"the ad service answered {reply.status}")
    return document


def _shut_down(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
