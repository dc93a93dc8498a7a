"""Mail that must not make its caller fail, and alerts for operators by log, mail and webhook."""

import json
import logging
import smtplib
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import get_connection, send_mail

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5.0


def send_text(subject: str, text: str, recipients: Sequence[str], *, purpose: str) -> None:
    """Send a mail; a failure is logged with the mail's purpose instead of being raised."""
    try:
        send_mail(subject, text, None, recipients, connection=get_connection(timeout=TIMEOUT_SECONDS))
    except (OSError, smtplib.SMTPException):
        logger.exception("%s could not be mailed", purpose)


def send_alert(subject: str, text: str) -> None:
    """Log an alert and send it to ALARM_URL and ALARM_EMAILS; a failure of one does not stop the others."""
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
