from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.second_factor.services import reseal_second_factors
from aggregator.services.provider_accounts import reseal_keys

STORES = {"provider keys": reseal_keys, "second factors": reseal_second_factors}


class Command(BaseCommand):
    help = "Seal provider keys and second factors by the first value of PROVIDER_KEY_SECRET."

    def handle(self, *args: Any, **options: Any) -> None:
        unreadable = {}
        for name, reseal_all in STORES.items():
            resealed, unreadable[name] = reseal_all()
            self.stdout.write(f"{resealed} {name} resealed")
        if any(unreadable.values()):
            counts = " and ".join(f"{count} {name}" for name, count in unreadable.items() if count)
            raise CommandError(
                f"{counts} are opened by none of the secrets: bring the old value back; otherwise enter "
                "provider keys again in the admin, and turn second factors off with remove_second_factor"
            )
