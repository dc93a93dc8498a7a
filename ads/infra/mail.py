"""Plain text mail with a timeout, for mail that must not make its caller fail."""

import logging
import smtplib
from collections.abc import Sequence

from django.core.mail import get_connection, send_mail

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5


def send_text(subject: str, text: str, recipients: Sequence[str], *, purpose: str) -> None:
    """Send a mail; a failure is logged with the mail's purpose instead of being raised."""
    try:
        send_mail(subject, text, None, recipients, connection=get_connection(timeout=TIMEOUT_SECONDS))
    except (OSError, smtplib.SMTPException):
        logger.exception("%s could not be mailed", purpose)
