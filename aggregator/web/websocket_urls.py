from typing import Any

from django.urls import path, re_path

from aggregator.web.consumers import TurnConsumer


async def reject_unknown(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Refuse a websocket of any other path, for which channels alone would raise an error.

    A close before the handshake is a 403; of a 404 response uvicorn logs an error.
    """
    await receive()
    await send({"type": "websocket.close"})


urlpatterns = [path("ws/", TurnConsumer.as_asgi()), re_path("", reject_unknown)]  # type: ignore[arg-type]
