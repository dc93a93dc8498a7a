"""The socket of the page: decodes commands, checks whose turn it is, starts work, forwards events."""

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
from accounts.selectors import is_still_signed_in
from accounts.services import TooManyGuestsError, get_or_create_user
from aggregator.domain.messages import refusal_message_for_scope
from aggregator.execution import runner
from aggregator.execution.turn_context import can_afford_model
from aggregator.infra.concurrency import retry_db, run_in_db_thread
from aggregator.models import Signal, Turn
from aggregator.selectors import conversations
from aggregator.services import feedback, listings, turns
from aggregator.services.turns import Refusal, TurnRequest
from aggregator.streaming.send_queue import SendQueue, encode_frame
from aggregator.streaming.turn_feed import MAX_SEQ
from aggregator.web.user_agent import device_from_headers

logger = logging.getLogger(__name__)

FRAME_LIMIT = 200_000
MAX_SUBSCRIPTIONS = 50
# No model's name is longer.
SLUG_LIMIT = 80
REOPEN_TRIES = 5
REOPEN_RETRY_SECONDS = 0.2
# A database that restarts is back within this time; a page's command waits so long for it.
DATABASE_RETRY_SECONDS = 10
Command = dict[str, Any]
T = TypeVar("T")


class TurnConsumer(AsyncJsonWebsocketConsumer):
    """One open page."""

    person: User | None

    async def connect(self) -> None:
        """Accept whoever carries a valid session or guest cookie."""
        # Made when the page first follows a turn: most open pages only wait, and each weighs.
        self._send_queue: SendQueue | None = None
        self._is_open = False
        self.person = None
        self._device = device_from_headers(self.scope["headers"])
        # One guest too many hears of it in words, when it asks for something.
        with contextlib.suppress(Refusal):
            await self._identify_person()
            if self.person is None:
                await self.close(code=4401)
                return
        await self.accept()
        self._is_open = True

    async def _identify_person(self) -> None:
        """Find out who is there; raises Refusal for one guest too many."""
        try:
            self.person = await retry_db(DATABASE_RETRY_SECONDS, partial(get_or_create_user, self.scope))
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
        if self._send_queue:
            await self._send_queue.close()

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Take one command; whatever is wrong with it is answered, never fatal."""
        if bytes_data is not None or text_data is None or len(text_data) > FRAME_LIMIT:
            await self._refuse("", "malformed")
            return
        try:
            command = await self.decode_json(text_data)
        except (ValueError, RecursionError):
            await self._refuse("", "malformed")
            return
        if not isinstance(command, dict):
            await self._refuse("", "malformed")
            return
        await self._run_command(command)

    async def _run_command(self, command: Command) -> None:
        actions: dict[str, Callable[[Command], Awaitable[None]]] = {
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
        client_id, kind = command.get("client_id"), command.get("type")
        client_id = client_id if isinstance(client_id, str) else ""
        action = actions.get(kind) if isinstance(kind, str) else None
        try:
            if action is None:
                raise Refusal("malformed")
            if self.person is None and action != self._pong:
                await self._identify_person()
            await action(command)
        except Refusal as refusal:
            if refusal.code == "not_signed_in":
                await self._close_signed_out(client_id)
            else:
                await self._refuse(client_id, refusal.code)
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
            await self._refuse(client_id, "malformed")
        except Exception:
            # A page must learn that its command failed; the socket and its other turns go on.
            logger.exception("a command of type %s failed", command.get("type"))
            await self._refuse(client_id, "server_failed")

    async def _open_turn(self, command: Command) -> None:
        ask = TurnRequest(
            prompt=str(command["prompt"]),
            client_id=uuid.UUID(str(command["client_id"])),
            conversation=uuid.UUID(str(command["conversation"])) if command.get("conversation") else None,
            strategy=_read_strategy(command),
            panel=_read_panel(command),
            device=self._device,
        )
        if ask.conversation:
            find = partial(turns.draft_turn, owner=self._owner, ask=ask)
            draft = await retry_db(DATABASE_RETRY_SECONDS, find)
        else:
            draft = turns.draft_turn(owner=self._owner, ask=ask)
        # Sent twice it opens one turn, so it may be tried again.
        store = partial(turns.astore_draft, owner=self._owner, draft=draft)
        turn = await runner.submit_turn(draft, lambda on_admitted: store(on_admitted=on_admitted))
        await self._announce_and_start(turn, ask, replaces=None)

    async def _replace(self, command: Command) -> None:
        await self._check_signed_in()
        old = await self._find_own_turn(command["turn"])
        is_edit = command["type"] == "edit"
        ask = TurnRequest(
            prompt=str(command["prompt"]) if is_edit else old.prompt,
            client_id=uuid.UUID(str(command["client_id"])),
            strategy=_read_strategy(command) or old.asked_strategy,
            panel=_read_panel(command) or tuple(old.asked_panel),
            device=self._device,
        )
        # Sent twice it opens one turn, so it may be tried again; one that is refused stops nothing.
        turn = await retry_db(DATABASE_RETRY_SECONDS, partial(turns.replace_turn, turn=old, ask=ask))
        for replaced in await run_in_db_thread(conversations.list_replaced_running, turn):
            await runner.wakeup(replaced)
        if not is_edit:
            await run_in_db_thread(feedback.record_regenerate, person=self._owner, turn=old)
        await self._announce_and_start(turn, ask, replaces=old)

    async def _announce_and_start(self, turn: Turn, ask: TurnRequest, *, replaces: Turn | None) -> None:
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

    async def _resume(self, command: Command) -> None:
        turn = await self._find_own_turn(command["turn"])
        after_seq = _read_after_seq(command)
        if turn.status != Turn.Status.RUNNING and turn.last_seq > after_seq:
            # The log of a turn that has ended may be gone; its rows tell the same.
            kept = await runner.find_stored_snapshot(turn)
            if kept:
                await self._send_text(encode_frame(str(turn.public_id), [kept]))
                after_seq = kept.seq
        self._follow(str(turn.public_id), after_seq)

    async def _stop(self, command: Command) -> None:
        await runner.stop_turn(await self._find_own_turn(command["turn"]))

    async def _retry(self, command: Command) -> None:
        await self._check_signed_in()
        candidate_id = uuid.UUID(str(command["candidate"]))

        def reopen() -> Turn:
            candidate = conversations.find_candidate(self._owner, candidate_id)
            if candidate is None:
                raise Refusal("candidate_not_found")
            if not can_afford_model(candidate.turn, candidate.model):
                raise Refusal("model_too_dear")
            return turns.retry_candidate(candidate=candidate)

        await self._restart_turn(await self._reopen(reopen))

    async def _add(self, command: Command) -> None:
        await self._check_signed_in()
        old, slug = await self._find_own_turn(command["turn"]), str(command["model"])

        def reopen() -> Turn:
            model = next((model for model in listings.list_offered_models() if model.slug == slug), None)
            if model is None:
                raise Refusal("model_not_offered")
            if not can_afford_model(old, slug):
                raise Refusal("model_too_dear")
            return turns.add_candidate(turn=old, model=model)

        await self._restart_turn(await self._reopen(reopen))

    async def _restart_turn(self, turn: Turn) -> None:
        name = str(turn.public_id)
        if self._send_queue is None or not self._send_queue.follows(name):
            self._follow(name, turn.last_seq)
        await runner.start_turn(turn)
        await runner.wakeup(turn)

    async def _reopen(self, reopen: Callable[[], Turn]) -> Turn:
        # What was told as failed or stopped may not be kept as such yet: that moment is waited for.
        for _ in range(REOPEN_TRIES):
            try:
                return await retry_db(DATABASE_RETRY_SECONDS, reopen)
            except Refusal as refusal:
                if refusal.code not in {"candidate_not_failed", "candidate_not_found", "turn_running"}:
                    raise
            await asyncio.sleep(REOPEN_RETRY_SECONDS)
        return await retry_db(DATABASE_RETRY_SECONDS, reopen)

    async def _vote(self, command: Command) -> None:
        candidate = await run_in_db_thread(
            conversations.find_candidate, self._owner, uuid.UUID(str(command["candidate"]))
        )
        if candidate is None:
            raise Refusal("candidate_not_found")
        await run_in_db_thread(turns.cast_vote, voter=self._owner, candidate=candidate)
        await self.send_json({"type": "voted", "candidate": str(candidate.public_id)})

    async def _signal(self, command: Command) -> None:
        kind = str(command["kind"])
        candidate = await run_in_db_thread(
            conversations.find_candidate, self._owner, uuid.UUID(str(command["candidate"]))
        )
        if candidate is None:
            raise Refusal("candidate_not_found")
        # Regenerating is told by the command itself.
        if kind not in {Signal.Kind.COPY, Signal.Kind.CONTINUE}:
            raise Refusal("malformed")
        await run_in_db_thread(feedback.record_signal, person=self._owner, candidate=candidate, kind=kind)
        await self.send_json({"type": "signalled", "candidate": str(candidate.public_id), "kind": kind})

    async def _pong(self, command: Command) -> None:
        await self.send_json({"type": "pong"})

    async def _check_signed_in(self) -> None:
        """See that the person has not left since; a new turn is stored by a statement that sees it itself."""
        if not await retry_db(DATABASE_RETRY_SECONDS, partial(is_still_signed_in, self._owner)):
            raise Refusal("not_signed_in")

    async def _close_signed_out(self, client_id: str) -> None:
        """Part with a page whose person has left: it comes back as whoever is there now, and asks again."""
        if not client_id:
            await self._refuse("", "not_signed_in")
        self._is_open = False
        if self._send_queue:
            await self._send_queue.close()
        await self.close(code=4401)

    @property
    def _owner(self) -> User:
        if self.person is None:
            raise Refusal("not_signed_in")
        return self.person

    async def _find_own_turn(self, name: object) -> Turn:
        public_id = uuid.UUID(str(name))
        turn = await retry_db(DATABASE_RETRY_SECONDS, lambda: conversations.find_turn(self._owner, public_id))
        if turn is None:
            raise Refusal("turn_not_found")
        return turn

    def _follow(self, turn: str, after_seq: int) -> None:
        if not self._is_open:
            return
        if self._send_queue is None:
            self._send_queue = SendQueue(runner.get_turn_log(), self._send_text)
        self._send_queue.follow(turn, after_seq, most=MAX_SUBSCRIPTIONS)

    async def _send_text(self, text: str) -> None:
        # Many times a second: past the layers that would look into it.
        await self.base_send({"type": "websocket.send", "text": text})

    async def _refuse(self, client_id: str, code: str) -> None:
        await self.send_json(
            {
                "type": "refused",
                "client_id": client_id or None,
                "code": code,
                "message": refusal_message_for_scope(code, self.scope),
            }
        )


def _read_after_seq(command: Command) -> int:
    place = int(command.get("after_seq", 0))
    if place > MAX_SEQ:
        raise Refusal("malformed")
    return max(0, place)


def _read_strategy(command: Command) -> str:
    strategy = command.get("strategy") or ""
    if strategy and strategy not in Turn.Strategy.values:
        raise Refusal("malformed")
    return str(strategy)


def _read_panel(command: Command) -> tuple[str, ...]:
    panel = command.get("panel") or []
    slugs = tuple(map(str, panel)) if isinstance(panel, list) else ()
    if len(slugs) != len(panel) or len(slugs) > 8 or not all(map(_is_slug, slugs)):
        raise Refusal("malformed")
    return slugs


def _is_slug(text: str) -> bool:
    return text.isprintable() and len(text) <= SLUG_LIMIT
