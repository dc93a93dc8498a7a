"""Wakes somebody: a line in the log, a mail, a message to an address; none of them may fail the rest."""

import json
import logging
import smtplib
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import get_connection, send_mail

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5.0


def send_alert(subject: str, text: str) -> None:
    """Tell everybody who asked to be told."""
    logger.critical("%s: %s", subject, text)
    if settings.ALARM_URL:
        try:
            _post(settings.ALARM_URL, {"text": f"{subject}\n{text}"})
        except (OSError, HTTPException):
            logger.exception("the alarm could not be posted")
    if settings.ALARM_EMAILS:
        try:
            line = get_connection(timeout=TIMEOUT_SECONDS)
            send_mail(subject, text, None, settings.ALARM_EMAILS, connection=line)
        except (OSError, smtplib.SMTPException):
            logger.exception("the alarm could not be mailed")


def _post(url: str, message: dict[str, str]) -> None:
    address = urlsplit(url)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    line = kind(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)
    try:
        path = f"{address.path or '/'}?{address.query}".rstrip("?")
        line.request("POST", path, json.dumps(message).encode(), {"Content-Type": "application/json"})
        status = line.getresponse().status
        if status >= 300:
            logger.error("the alarm's address answered %d", status)
    finally:
        line.close()
