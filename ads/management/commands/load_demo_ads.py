from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ads.demo.load import load_demo
from ads.selection.jobs.live_overrides import publish_live_overrides
from ads.selection.jobs.publishing import publish


class Command(BaseCommand):
    help = "Load the demo advertisers and publish the inventory; safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        count = load_demo()
        version = publish()
        publish_live_overrides(at=timezone.now())
        self.stdout.write(f"{count} demo campaigns, inventory {version}")
