"""Whether this installation sends mail, so that no page promises one that cannot come; a template library."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def can_mail() -> bool:
    """Return whether there is a mail server; without one, mail is only written to the log."""
    return bool(settings.EMAIL_HOST)
