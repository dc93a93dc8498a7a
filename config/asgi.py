"""The ASGI application of the web role: pages over HTTP, turns over websockets."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 - Django has to be set up first
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from ads.events.spool_settlement import start_settling  # noqa: E402
from aggregator.execution.processes.lifecycle import run_lifespan  # noqa: E402
from aggregator.infra.tune_gc import tune_gc  # noqa: E402
from aggregator.web.websocket_urls import urlpatterns  # noqa: E402
from config.client_address import ClientAddressMiddleware  # noqa: E402
from config.monitoring.telemetry import start_tracing  # noqa: E402

start_tracing("web")
application = ClientAddressMiddleware(
    ProtocolTypeRouter(
        {
            "http": pages,
            "lifespan": run_lifespan,
            "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(urlpatterns))),
        }
    )
)

tune_gc()
# Settle clicks that an earlier process spooled without waiting for the first request.
start_settling()
