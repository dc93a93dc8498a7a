from typing import Any

from django.core.management.base import BaseCommand

from aggregator.services.listings import sync_listings


class Command(BaseCommand):
    help = "Update the listed models from the catalog, the API keys and the reachable servers."

    def handle(self, *args: Any, **options: Any) -> None:
        sync_listings()
