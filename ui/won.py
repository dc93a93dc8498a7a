"""Amounts of money as people read them, in won with the unit; a library of template filters."""

from decimal import Decimal

from django import template
from django.utils.translation import gettext

register = template.Library()


@register.filter("won")
def render_won(micros: int | None, decimals: int | None = None) -> str:
    """Return micros of won as text: exact, or rounded to a number of decimals; None is empty."""
    if micros is None:
        return ""
    won = Decimal(micros).scaleb(-6)
    number = f"{won.normalize():,f}" if decimals is None else f"{won:,.{decimals}f}"
    return gettext("%(amount)s원") % {"amount": number}
