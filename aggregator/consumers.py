"""The socket of the page: decodes wishes, checks whose turn it is, starts work, forwards events."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from accounts.models import User
from accounts.services import person_for_scope
from aggregator import runner, selectors, services
from aggregator.models import Turn
from aggregator.services import Ask, Refusal
from aggregator.turn_feed import Entry, Subscription
from aggregator.turns import off_loop
from aggregator.wording import word_refusal

logger = logging.getLogger(__name__)

FRAME_LIMIT = 200_000
SUBSCRIPTIONS = 50
CLOSING_TRIES = 5
CLOSING_SECONDS = 0.2
Wish = dict[str, Any]


class TurnConsumer(AsyncJsonWebsocketConsumer):
    """One open page."""

    person: User | None

    async def connect(self) -> None:
        """Accept whoever carries a valid session or guest cookie."""
        self._subscriptions: dict[str, Subscription] = {}
        self.person = await off_loop(person_for_scope, self.scope)
        if self.person is None:
            await self.close(code=4401)
            return
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the turns alone; they run on without this page."""
        for subscription in self._subscriptions.values():
            runner.log_of_this_loop().feed.unsubscribe(subscription)
        self._subscriptions.clear()

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Take one wish; whatever is wrong with it is answered, never fatal."""
        if bytes_data is not None or text_data is None or len(text_data) > FRAME_LIMIT:
            await self._refuse("", "malformed")
            return
        try:
            wish = await self.decode_json(text_data)
        except ValueError:
            await self._refuse("", "malformed")
            return
        if not isinstance(wish, dict):
            await self._refuse("", "malformed")
            return
        await self._grant(wish)

    async def _grant(self, wish: Wish) -> None:
        grants: dict[str, Callable[[Wish], Awaitable[None]]] = {
            "open_turn": self._open_turn,
            "resume": self._resume,
            "stop": self._stop,
            "regenerate": self._replace,
            "edit": self._replace,
            "retry": self._retry,
            "vote": self._vote,
            "ping": self._pong,
        }
        client_id = str(wish.get("client_id") or "")
        grant = grants.get(str(wish.get("type")))
        try:
            if grant is None:
                raise Refusal("malformed")
            await grant(wish)
        except Refusal as refusal:
            await self._refuse(client_id, refusal.code)
        except (KeyError, TypeError, ValueError):
            await self._refuse(client_id, "malformed")
        except Exception:
            # A page must learn that its wish failed; the socket and its other turns go on.
            logger.exception("a wish of type %s failed", wish.get("type"))
            await self._refuse(client_id, "server_failed")

    async def _open_turn(self, wish: Wish) -> None:
        ask = Ask(
            prompt=str(wish["prompt"]),
            client_id=uuid.UUID(str(wish["client_id"])),
            conversation=uuid.UUID(str(wish["conversation"])) if wish.get("conversation") else None,
            strategy=_strategy(wish),
            panel=_panel(wish),
        )
        turn = await off_loop(services.open_turn, owner=self._owner, ask=ask)
        await self._begin(turn, ask, replaces=None)

    async def _replace(self, wish: Wish) -> None:
        old = await self._turn(wish["turn"])
        is_edit = wish["type"] == "edit"
        ask = Ask(
            prompt=str(wish["prompt"]) if is_edit else old.prompt,
            client_id=uuid.UUID(str(wish["client_id"])),
            strategy=_strategy(wish) or old.strategy,
            panel=_panel(wish) or tuple(old.asked_panel),
        )
        await runner.stop_turn(old)
        turn = await off_loop(services.replace_turn, turn=old, ask=ask)
        await self._begin(turn, ask, replaces=old)

    async def _begin(self, turn: Turn, ask: Ask, *, replaces: Turn | None) -> None:
        await self.send_json(
            {
                "type": "opened",
                "client_id": str(ask.client_id),
                "turn": str(turn.public_id),
                "conversation": str(turn.conversation.public_id),
                "number": turn.number,
                "replaces": str(replaces.public_id) if replaces else None,
            }
        )
        await self._follow(str(turn.public_id), 0)
        if turn.status == Turn.Status.RUNNING:
            await runner.start_turn(turn)

    async def _resume(self, wish: Wish) -> None:
        turn = await self._turn(wish["turn"])
        await self._follow(str(turn.public_id), max(0, int(wish.get("after_seq", 0))))

    async def _stop(self, wish: Wish) -> None:
        await runner.stop_turn(await self._turn(wish["turn"]))

    async def _retry(self, wish: Wish) -> None:
        turn = await self._reopen(uuid.UUID(str(wish["candidate"])))
        if str(turn.public_id) not in self._subscriptions:
            await self._follow(str(turn.public_id), turn.last_seq)
        await runner.start_turn(turn)

    async def _reopen(self, candidate_id: uuid.UUID) -> Turn:
        # A turn whose last event is out may still be writing its rows: that moment is waited for.
        for patience in range(CLOSING_TRIES, -1, -1):
            candidate = await off_loop(selectors.find_candidate, self._owner, candidate_id)
            if candidate is None:
                raise Refusal("candidate_not_found")
            try:
                return await off_loop(services.retry_candidate, candidate=candidate)
            except Refusal:
                if not patience:
                    raise
            await asyncio.sleep(CLOSING_SECONDS)
        raise Refusal("turn_running")

    async def _vote(self, wish: Wish) -> None:
        candidate = await off_loop(selectors.find_candidate, self._owner, uuid.UUID(str(wish["candidate"])))
        if candidate is None:
            raise Refusal("candidate_not_found")
        await off_loop(services.cast_vote, voter=self._owner, candidate=candidate)
        await self.send_json({"type": "voted", "candidate": str(candidate.public_id)})

    async def _pong(self, wish: Wish) -> None:
        await self.send_json({"type": "pong"})

    @property
    def _owner(self) -> User:
        if self.person is None:
            raise Refusal("not_signed_in")
        return self.person

    async def _turn(self, name: object) -> Turn:
        turn = await off_loop(selectors.find_turn, self._owner, uuid.UUID(str(name)))
        if turn is None:
            raise Refusal("turn_not_found")
        return turn

    async def _follow(self, turn: str, after_seq: int) -> None:
        feed = runner.log_of_this_loop().feed
        known = self._subscriptions.pop(turn, None)
        if known:
            feed.unsubscribe(known)
        while len(self._subscriptions) >= SUBSCRIPTIONS:
            feed.unsubscribe(self._subscriptions.pop(next(iter(self._subscriptions))))

        async def forward(entry: Entry) -> None:
            await self.send_json(
                {"type": "frame", "turn": turn, "seq": entry.seq, "events": list(entry.events)}
            )

        self._subscriptions[turn] = await feed.subscribe(turn, after_seq, forward)

    async def _refuse(self, client_id: str, code: str) -> None:
        await self.send_json(
            {
                "type": "refused",
                "client_id": client_id or None,
                "code": code,
                "message": word_refusal(code, self.scope),
            }
        )


def _strategy(wish: Wish) -> str:
    strategy = wish.get("strategy") or ""
    if strategy and strategy not in Turn.Strategy.values:
        raise Refusal("malformed")
    return str(strategy)


def _panel(wish: Wish) -> tuple[str, ...]:
    panel = wish.get("panel") or []
    if not isinstance(panel, list) or len(panel) > 8:
        raise Refusal("malformed")
    return tuple(str(slug) for slug in panel)
