"""One call to the ad service over HTTP, within its deadline by the clock."""

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
    """Return the document that the service at this address answers; raises TimeoutError and ContractError."""
    address = urlsplit(url)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=deadline)
    # A socket's timeout starts anew with every byte; hanging up by the clock is what keeps a promise of time.
    hang_up = threading.Timer(deadline, _hang_up, [connection])
    ends = time.monotonic() + deadline
    hang_up.start()
    try:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {service_key()}"}
        connection.request("POST" if body else "GET", f"{address.path}/ads/api/{path}", body, headers)
        reply = connection.getresponse()
        document = json.loads(reply.read())
    except (OSError, HTTPException, ValueError) as error:
        if time.monotonic() >= ends:
            raise TimeoutError from error
        raise ContractError(str(error)) from error
    finally:
        hang_up.cancel()
        connection.close()
    if reply.status != 200 or not isinstance(document, dict):
        raise ContractError(f"the ad service answered {reply.status}")
    return document


def _hang_up(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
