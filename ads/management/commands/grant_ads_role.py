from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ads.infra.database_role import RoleError, grant_role


class Command(BaseCommand):
    help = "Create the database role of ADS_DATABASE_URL and grant it the market's tables only."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ADS_DATABASE:
            raise CommandError("ADS_DATABASE_URL is not set: there is no role to make")
        try:
            grant_role()
        except RoleError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"role {settings.ADS_DATABASE['USER']}: the market's tables and no others")
