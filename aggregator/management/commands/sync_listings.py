from typing import Any

from django.core.management.base import BaseCommand

from aggregator.services.listings import sync_listings


class Command(BaseCommand):
    """Bring the models on offer up to date with the catalog, the keys at hand and the servers that answer."""

    help = "Bring the models on offer up to date with the catalog, the keys and the servers that answer."

    def handle(self, *args: Any, **options: Any) -> None:
        sync_listings()
