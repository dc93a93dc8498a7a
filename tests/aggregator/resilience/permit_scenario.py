"""A model's permits in the real Valkey, under a clock of the test's own."""

from collections.abc import Mapping
from typing import cast

from aggregator.infra.redis_client import PipelinedClient
from aggregator.resilience.permits.permit_queue import GRANTED, PermitQueue
from aggregator.resilience.permits.person import Person

WAKE_KEY = "permits:wake:test"
LIMIT = 100
NO_WEIGHTS: Mapping[str, float] = {}


class PermitScenario:
    """Calls are named after their person, as `ada1`; `served` lists them as they got a permit."""

    def __init__(
        self, client: PipelinedClient, permits: int, weights: Mapping[str, float] = NO_WEIGHTS
    ) -> None:
        self.client = client
        self.queue = PermitQueue(client, "wise", permits, now_ms=1_000)
        self.weights = weights
        self.served: list[str] = []

    async def enter(self, *calls: str, cost: float = 10.0, limit: int = LIMIT) -> list[int]:
        """Enter calls one after another."""
        return [await self._enter(call, cost, limit) for call in calls]

    async def _enter(self, call: str, cost: float, limit: int) -> int:
        name = call.rstrip("0123456789")
        person = Person(name, self.weights.get(name, 1.0))
        status = await self.queue.enter(call, person, cost, WAKE_KEY, limit)
        await self._note_woken()
        if status == GRANTED:
            self.served.append(call)
        return status

    async def leave(self, call: str, seconds: float = 10.0) -> None:
        """End a call after it has held its permit for some seconds, or waited in vain."""
        await self.queue.leave(call, seconds)
        await self._note_woken()

    async def serve_all(self, seconds: float = 10.0) -> list[str]:
        """End calls in the order in which they were served until nobody waits; return that order."""
        for call in self.served:
            await self.leave(call, seconds)
        return self.served

    async def _note_woken(self) -> None:
        while woken := await self.client.lpop(WAKE_KEY):
            self.served.append(cast(bytes, woken).decode())

    async def is_forgotten(self) -> bool:
        """Return whether Valkey keeps nothing of the model."""
        return not [key for key in await self.client.keys("permits:*") if key != WAKE_KEY.encode()]
