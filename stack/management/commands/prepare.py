from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from stack.install.prepare import collect_static, prepare


class Command(BaseCommand):
    """Bring an installation up to date: tables, static files, the models on offer."""

    help = "Bring an installation up to date: tables, static files, the models on offer."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="also make demo ads, an admin and an API key")
        parser.add_argument("--files", action="store_true", help="collect static files and do nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["files"]:
            collect_static()
        else:
            prepare(with_demo=options["demo"])
