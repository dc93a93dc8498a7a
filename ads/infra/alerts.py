"""Alerts for operators: a log record, a mail and a webhook; a failure of one does not prevent the others."""

import json
import logging
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from django.conf import settings

from ads.infra.mail import send_text

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5.0


def send_alert(subject: str, text: str) -> None:
    """Log an alert and send it to ALARM_URL and ALARM_EMAILS; never raises."""
    logger.critical("%s: %s", subject, text)
    if settings.ALARM_URL:
        try:
            _post(settings.ALARM_URL, {"text": f"{subject}\n{text}"})
        except (OSError, HTTPException):
            logger.exception("the alert could not be posted")
    if settings.ALARM_EMAILS:
        send_text(subject, text, settings.ALARM_EMAILS, purpose="the alert")


def _post(url: str, message: dict[str, str]) -> None:
    address = urlsplit(url)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)
    try:
        path = f"{address.path or '/'}?{address.query}".rstrip("?")
        connection.request("POST", path, json.dumps(message).encode(), {"Content-Type": "application/json"})
        status = connection.getresponse().status
        if status >= 300:
            logger.error("the alert's address answered %d", status)
    finally:
        connection.close()
