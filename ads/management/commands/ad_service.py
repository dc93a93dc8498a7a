from typing import Any

import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ads.infra.database_role import RoleError, assume_role
from ads.selection.serving.snapshots import serving_state

# No sessions and no accounts: the service has no users.
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]


class Command(BaseCommand):
    # System checks would load the whole site, which this process does not serve.
    requires_system_checks = ()
    help = "Run the market as its own service; the conversation side calls it at ADS_SERVICE_URL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8100)

    def handle(self, *args: Any, **options: Any) -> None:
        # This process serves the API URLs only, and answers requests itself.
        settings.ROOT_URLCONF = "ads.api.service_urls"
        settings.MIDDLEWARE = MIDDLEWARE
        settings.ADS_SERVICE_URL = ""
        if settings.ADS_DATABASE:
            try:
                assume_role()
            except RoleError as error:
                raise CommandError(str(error)) from error
        serving_state()
        self.stdout.write(f"ad market on http://{options['host']}:{options['port']}/ads/api/")
        uvicorn.run(
            get_asgi_application(),
            host=options["host"],
            port=options["port"],
            lifespan="off",
            proxy_headers=False,
            access_log=False,
            log_level="warning",
        )
