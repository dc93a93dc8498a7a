from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aggregator.services.provider_accounts import reseal_keys


class Command(BaseCommand):
    help = "Seal the provider keys of the database by the first value of PROVIDER_KEY_SECRET."

    def handle(self, *args: Any, **options: Any) -> None:
        resealed, unreadable = reseal_keys()
        self.stdout.write(f"{resealed} provider keys resealed")
        if unreadable:
            raise CommandError(
                f"{unreadable} provider keys are opened by none of the secrets: bring the old value back, "
                "or enter these keys again in the admin"
            )
