"""The HTTP readiness check of health checks and the supervisor."""

import http.client


def read_http_status(host: str, port: int | None, path: str, *, timeout_seconds: float) -> int | None:
    """Return the status code of a GET request, or None when the server does not answer in time."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
