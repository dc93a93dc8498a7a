"""The admin of the market; importing this package registers its pages."""

from ads.admin import campaigns, events, learning, ledger, review

__all__ = ["campaigns", "events", "learning", "ledger", "review"]
