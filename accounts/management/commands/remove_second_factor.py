from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.second_factor.services import remove_second_factor
from accounts.selectors import list_accounts_of_email


class Command(BaseCommand):
    help = (
        "Turn two-step verification off for the accounts of an address whose app and recovery codes are lost."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = list_accounts_of_email(options["email"])
        if not accounts:
            raise CommandError("no account has this address")
        removed = sum(remove_second_factor(account=account) for account in accounts)
        self.stdout.write(f"two-step verification turned off for {removed} of {len(accounts)} accounts")
