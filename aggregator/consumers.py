"""The socket of the page: decodes wishes, checks whose turn it is, starts work, forwards events."""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from accounts.models import User
from accounts.selectors import is_still_here
from accounts.services import TooManyGuestsError, person_for_scope
from aggregator import listings, runner, selectors, services, signals
from aggregator.device import device_of
from aggregator.larder import affords
from aggregator.models import Signal, Turn
from aggregator.off_loop import off_loop, outlast
from aggregator.outbox import Outbox, frame
from aggregator.services import Ask, Refusal
from aggregator.turn_feed import SEQ_LIMIT
from aggregator.wording import word_refusal

logger = logging.getLogger(__name__)

FRAME_LIMIT = 200_000
SUBSCRIPTIONS = 50
# No model's name is longer.
SLUG_LIMIT = 80
CLOSING_TRIES = 5
CLOSING_SECONDS = 0.2
# A database that restarts is back within this time; a page's wish waits so long for it.
DATABASE_SECONDS = 10
Wish = dict[str, Any]
T = TypeVar("T")


class TurnConsumer(AsyncJsonWebsocketConsumer):
    """One open page."""

    person: User | None

    async def connect(self) -> None:
        """Accept whoever carries a valid session or guest cookie."""
        # Made when the page first follows a turn: most open pages only wait, and each weighs.
        self._outbox: Outbox | None = None
        self._is_open = False
        self.person = None
        self._device = device_of(self.scope["headers"])
        # One guest too many hears of it in words, when it wishes for something.
        with contextlib.suppress(Refusal):
            await self._admit()
            if self.person is None:
                await self.close(code=4401)
                return
        await self.accept()
        self._is_open = True

    async def _admit(self) -> None:
        """Find out who is there; raises Refusal for one guest too many."""
        try:
            self.person = await outlast(DATABASE_SECONDS, partial(person_for_scope, self.scope))
        except TooManyGuestsError:
            raise Refusal("too_many_guests") from None
        headers = self.scope["headers"]
        # Of what the browser said at the door only its language is asked for later; each open page weighs.
        headers[:] = [header for header in headers if header[0] == b"accept-language"]

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle a message; old connections are closed where the database work is done, not here first."""
        await getattr(self, get_handler_name(message))(message)

    async def disconnect(self, code: int) -> None:
        """Leave the turns alone; they run on without this page."""
        self._is_open = False
        if self._outbox:
            await self._outbox.close()

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Take one wish; whatever is wrong with it is answered, never fatal."""
        if bytes_data is not None or text_data is None or len(text_data) > FRAME_LIMIT:
            await self._refuse("", "malformed")
            return
        try:
            wish = await self.decode_json(text_data)
        except (ValueError, RecursionError):
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
            "add": self._add,
            "vote": self._vote,
            "signal": self._signal,
            "ping": self._pong,
        }
        client_id, kind = wish.get("client_id"), wish.get("type")
        client_id = client_id if isinstance(client_id, str) else ""
        grant = grants.get(kind) if isinstance(kind, str) else None
        try:
            if grant is None:
                raise Refusal("malformed")
            if self.person is None and grant != self._pong:
                await self._admit()
            await grant(wish)
        except Refusal as refusal:
            if refusal.code == "not_signed_in":
                await self._part(client_id)
            else:
                await self._refuse(client_id, refusal.code)
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
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
            device=self._device,
        )
        if ask.conversation:
            find = partial(services.draft_turn, owner=self._owner, ask=ask)
            draft = await outlast(DATABASE_SECONDS, find)
        else:
            draft = services.draft_turn(owner=self._owner, ask=ask)
        # Sent twice it opens one turn, so it may be tried again.
        store = partial(services.astore_draft, owner=self._owner, draft=draft)
        turn = await runner.open_turn(draft, lambda on_room: store(on_room=on_room))
        await self._begin(turn, ask, replaces=None)

    async def _replace(self, wish: Wish) -> None:
        await self._look_again()
        old = await self._turn(wish["turn"])
        is_edit = wish["type"] == "edit"
        ask = Ask(
            prompt=str(wish["prompt"]) if is_edit else old.prompt,
            client_id=uuid.UUID(str(wish["client_id"])),
            strategy=_strategy(wish) or old.asked_strategy,
            panel=_panel(wish) or tuple(old.asked_panel),
            device=self._device,
        )
        # Sent twice it opens one turn, so it may be tried again; one that is refused stops nothing.
        turn = await outlast(DATABASE_SECONDS, partial(services.replace_turn, turn=old, ask=ask))
        for replaced in await off_loop(selectors.list_overtaken, turn):
            await runner.nudge(replaced)
        if not is_edit:
            await off_loop(signals.note_regenerate, person=self._owner, turn=old)
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
        if turn.status == Turn.Status.RUNNING:
            await runner.start_turn(turn)
        self._follow(str(turn.public_id), 0)

    async def _resume(self, wish: Wish) -> None:
        turn = await self._turn(wish["turn"])
        after_seq = _place(wish)
        if turn.status != Turn.Status.RUNNING and turn.last_seq > after_seq:
            # The log of a turn that has ended may be gone; its rows tell the same.
            kept = await runner.find_kept(turn)
            if kept:
                await self._send_text(frame(str(turn.public_id), [kept]))
                after_seq = kept.seq
        self._follow(str(turn.public_id), after_seq)

    async def _stop(self, wish: Wish) -> None:
        await runner.stop_turn(await self._turn(wish["turn"]))

    async def _retry(self, wish: Wish) -> None:
        await self._look_again()
        candidate_id = uuid.UUID(str(wish["candidate"]))

        def reopen() -> Turn:
            candidate = selectors.find_candidate(self._owner, candidate_id)
            if candidate is None:
                raise Refusal("candidate_not_found")
            if not affords(candidate.turn, candidate.model):
                raise Refusal("model_too_dear")
            return services.retry_candidate(candidate=candidate)

        await self._work_again(await self._reopen(reopen))

    async def _add(self, wish: Wish) -> None:
        await self._look_again()
        old, slug = await self._turn(wish["turn"]), str(wish["model"])

        def reopen() -> Turn:
            model = next((model for model in listings.offered_models() if model.slug == slug), None)
            if model is None:
                raise Refusal("model_not_offered")
            if not affords(old, slug):
                raise Refusal("model_too_dear")
            return services.add_candidate(turn=old, model=model)

        await self._work_again(await self._reopen(reopen))

    async def _work_again(self, turn: Turn) -> None:
        name = str(turn.public_id)
        if self._outbox is None or not self._outbox.follows(name):
            self._follow(name, turn.last_seq)
        await runner.start_turn(turn)
        await runner.nudge(turn)

    async def _reopen(self, reopen: Callable[[], Turn]) -> Turn:
        # What was told as failed or stopped may not be kept as such yet: that moment is waited for.
        for _ in range(CLOSING_TRIES):
            try:
                return await outlast(DATABASE_SECONDS, reopen)
            except Refusal as refusal:
                if refusal.code not in {"candidate_not_failed", "candidate_not_found", "turn_running"}:
                    raise
            await asyncio.sleep(CLOSING_SECONDS)
        return await outlast(DATABASE_SECONDS, reopen)

    async def _vote(self, wish: Wish) -> None:
        candidate = await off_loop(selectors.find_candidate, self._owner, uuid.UUID(str(wish["candidate"])))
        if candidate is None:
            raise Refusal("candidate_not_found")
        await off_loop(services.cast_vote, voter=self._owner, candidate=candidate)
        await self.send_json({"type": "voted", "candidate": str(candidate.public_id)})

    async def _signal(self, wish: Wish) -> None:
        kind = str(wish["kind"])
        candidate = await off_loop(selectors.find_candidate, self._owner, uuid.UUID(str(wish["candidate"])))
        if candidate is None:
            raise Refusal("candidate_not_found")
        # Regenerating is told by the wish itself.
        if kind not in {Signal.Kind.COPY, Signal.Kind.CONTINUE}:
            raise Refusal("malformed")
        await off_loop(signals.keep_signal, person=self._owner, candidate=candidate, kind=kind)
        await self.send_json({"type": "signalled", "candidate": str(candidate.public_id), "kind": kind})

    async def _pong(self, wish: Wish) -> None:
        await self.send_json({"type": "pong"})

    async def _look_again(self) -> None:
        """See that the person has not left since; a new turn is stored by a statement that sees it itself."""
        if not await outlast(DATABASE_SECONDS, partial(is_still_here, self._owner)):
            raise Refusal("not_signed_in")

    async def _part(self, client_id: str) -> None:
        """Part with a page whose person has left: it comes back as whoever is there now, and asks again."""
        if not client_id:
            await self._refuse("", "not_signed_in")
        self._is_open = False
        if self._outbox:
            await self._outbox.close()
        await self.close(code=4401)

    @property
    def _owner(self) -> User:
        if self.person is None:
            raise Refusal("not_signed_in")
        return self.person

    async def _turn(self, name: object) -> Turn:
        public_id = uuid.UUID(str(name))
        turn = await outlast(DATABASE_SECONDS, lambda: selectors.find_turn(self._owner, public_id))
        if turn is None:
            raise Refusal("turn_not_found")
        return turn

    def _follow(self, turn: str, after_seq: int) -> None:
        if not self._is_open:
            return
        if self._outbox is None:
            self._outbox = Outbox(runner.log_of_this_loop(), self._send_text)
        self._outbox.follow(turn, after_seq, most=SUBSCRIPTIONS)

    async def _send_text(self, text: str) -> None:
        # Many times a second: past the layers that would look into it.
        await self.base_send({"type": "websocket.send", "text": text})

    async def _refuse(self, client_id: str, code: str) -> None:
        await self.send_json(
            {
                "type": "refused",
                "client_id": client_id or None,
                "code": code,
                "message": word_refusal(code, self.scope),
            }
        )


def _place(wish: Wish) -> int:
    place = int(wish.get("after_seq", 0))
    if place > SEQ_LIMIT:
        raise Refusal("malformed")
    return max(0, place)


def _strategy(wish: Wish) -> str:
    strategy = wish.get("strategy") or ""
    if strategy and strategy not in Turn.Strategy.values:
        raise Refusal("malformed")
    return str(strategy)


def _panel(wish: Wish) -> tuple[str, ...]:
    panel = wish.get("panel") or []
    slugs = tuple(map(str, panel)) if isinstance(panel, list) else ()
    if len(slugs) != len(panel) or len(slugs) > 8 or not all(map(_is_slug, slugs)):
        raise Refusal("malformed")
    return slugs


def _is_slug(text: str) -> bool:
    return text.isprintable() and len(text) <= SLUG_LIMIT
