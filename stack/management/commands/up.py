import sys
from typing import Any

from django.core.management.base import BaseCommand

from stack.up import main


class Command(BaseCommand):
    """Run the whole site: stores, models, worker and web, until Ctrl-C."""

    help = "Run the whole site: stores, models, worker and web, until Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(main())
