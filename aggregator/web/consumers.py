"""The socket of a page: decodes commands, checks who sent them, calls one function each, forwards events."""

import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from accounts.models import User
from accounts.selectors import is_still_signed_in
from accounts.services import TooManyGuestsError, get_or_create_user
from aggregator.domain.messages import refusal_message_for_scope
from aggregator.execution import commands, runner
from aggregator.infra.concurrency import retry_db
from aggregator.models import Turn
from aggregator.selectors.turns import find_turn
from aggregator.services.candidates import PANEL_LIMIT
from aggregator.services.refusal import Refusal
from aggregator.services.turns import TurnRequest
from aggregator.streaming.send_queue import SendQueue, encode_frame, read_stored_snapshot
from aggregator.streaming.turn_feed import MAX_SEQ
from aggregator.web.feedback_commands import FEEDBACK_COMMANDS, Command
from aggregator.web.user_agent import device_from_headers

logger = logging.getLogger(__name__)

FRAME_LIMIT = 200_000
MAX_SUBSCRIPTIONS = 50
# No model's slug is longer.
SLUG_LIMIT = 80


class TurnConsumer(AsyncJsonWebsocketConsumer):
    """The connection of one open page."""

    person: User | None

    async def connect(self) -> None:
        """Accept a page with a valid session or guest cookie."""
        # Made when the page first follows a turn, because most open pages are idle and each takes memory.
        self._send_queue: SendQueue | None = None
        self._is_open = False
        self.person = None
        self._device = device_from_headers(self.scope["headers"])
        # A guest too many is accepted and refused in words at the first command.
        with contextlib.suppress(Refusal):
            await self._identify_person()
            if self.person is None:
                await self.close(code=4401)
                return
        await self.accept()
        self._is_open = True

    async def _identify_person(self) -> None:
        try:
            person = partial(get_or_create_user, self.scope)
            self.person = await retry_db(runner.DATABASE_RETRY_SECONDS, person)
        except TooManyGuestsError:
            raise Refusal("too_many_guests") from None
        headers = self.scope["headers"]
        # Only the language is read later; the others would take memory while the page is open.
        headers[:] = [header for header in headers if header[0] == b"accept-language"]

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle a message without channels' closing of old connections, which database threads do."""
        await getattr(self, get_handler_name(message))(message)

    async def disconnect(self, code: int) -> None:
        """Stop following turns; they run on without this page."""
        await self._close_send_queue()

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Take one command; a malformed one is refused and never closes the socket."""
        command: object = None
        if bytes_data is None and text_data is not None and len(text_data) <= FRAME_LIMIT:
            with contextlib.suppress(ValueError, RecursionError):
                command = await self.decode_json(text_data)
        if isinstance(command, dict):
            await self._run_command(command)
        else:
            await self._refuse("", "malformed")

    async def _run_command(self, command: Command) -> None:
        client_id, kind = command.get("client_id"), command.get("type")
        client_id = client_id if isinstance(client_id, str) else ""
        handler = HANDLERS.get(kind) if isinstance(kind, str) else None
        try:
            if handler is None:
                raise Refusal("malformed")
            if self.person is None and kind != "ping":
                await self._identify_person()
            await handler(self, command)
        except Refusal as refusal:
            if refusal.code == "not_signed_in":
                await self._close_signed_out(client_id)
            else:
                await self._refuse(client_id, refusal.code)
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
            await self._refuse(client_id, "malformed")
        except Exception:
            # The page learns that its command failed; the socket and its other turns go on.
            logger.exception("a command of type %s failed", command.get("type"))
            await self._refuse(client_id, "server_failed")

    async def _open_turn(self, command: Command) -> None:
        request = _parse_turn_request(command, device=self._device)
        turn = await runner.submit_turn(owner=self._owner, request=request)
        await self._announce_and_start(turn, command)

    async def _replace(self, command: Command) -> None:
        await self._check_signed_in()
        old = await self._find_own_turn(command)
        request = _parse_turn_request(command, device=self._device, replaced=old)
        is_regeneration = command["type"] == "regenerate"
        turn = await commands.replace_turn(old, request, is_regeneration=is_regeneration)
        await self._announce_and_start(turn, command, replaces=str(old.public_id))

    async def _announce_and_start(self, turn: Turn, command: Command, replaces: str | None = None) -> None:
        await self.send_json(
            {
                "type": "opened",
                "client_id": str(_parse_id(command, "client_id")),
                "turn": str(turn.public_id),
                "conversation": str(turn.conversation.public_id),
                "number": turn.number,
                "parent": str(turn.parent.public_id) if turn.parent else None,
                "replaces": replaces,
            }
        )
        if turn.status == Turn.Status.RUNNING:
            await runner.start_turn(turn)
        self._follow(str(turn.public_id), 0)

    async def _resume(self, command: Command) -> None:
        turn = await self._find_own_turn(command)
        name, after_seq = str(turn.public_id), _parse_after_seq(command)
        snapshot = None
        if turn.status != Turn.Status.RUNNING and turn.last_seq > after_seq:
            # The log of a turn that has ended may have expired.
            snapshot = await read_stored_snapshot(runner.get_turn_log(name), turn)
        if snapshot:
            await self._send_text(encode_frame(name, [snapshot]))
        self._follow(name, snapshot.seq if snapshot else after_seq)

    async def _stop(self, command: Command) -> None:
        turn = await self._find_own_turn(command)
        if command.get("candidate"):
            await commands.finish_with(self._owner, turn, _parse_id(command, "candidate"))
            await self.send_json(
                {"type": "followed", "turn": str(turn.public_id), "candidate": str(command["candidate"])}
            )
        else:
            await commands.stop_turn(turn)

    async def _retry(self, command: Command) -> None:
        await self._check_signed_in()
        turn = await commands.retry_candidate(self._owner, _parse_id(command, "candidate"))
        self._follow_reopened(turn)

    async def _add(self, command: Command) -> None:
        await self._check_signed_in()
        turn = await self._find_own_turn(command)
        self._follow_reopened(await commands.add_model(turn, str(command["model"])))

    async def _give_feedback(self, command: Command) -> None:
        store = FEEDBACK_COMMANDS[command["type"]]
        await self.send_json(await store(self._owner, command))

    async def _pong(self, command: Command) -> None:
        await self.send_json({"type": "pong"})

    async def _check_signed_in(self) -> None:
        """Raise Refusal if the person has signed out since; storing a new turn checks that by itself."""
        check = partial(is_still_signed_in, self._owner)
        if not await retry_db(runner.DATABASE_RETRY_SECONDS, check):
            raise Refusal("not_signed_in")

    async def _close_signed_out(self, client_id: str) -> None:
        """Close a page whose person has signed out; it reconnects as who is signed in now and sends again."""
        if not client_id:
            await self._refuse("", "not_signed_in")
        await self._close_send_queue()
        await self.close(code=4401)

    @property
    def _owner(self) -> User:
        if self.person is None:
            raise Refusal("not_signed_in")
        return self.person

    async def _find_own_turn(self, command: Command) -> Turn:
        find = partial(find_turn, self._owner, _parse_id(command, "turn"))
        turn = await retry_db(runner.DATABASE_RETRY_SECONDS, find)
        if turn is None:
            raise Refusal("turn_not_found")
        return turn

    def _follow_reopened(self, turn: Turn) -> None:
        name = str(turn.public_id)
        if self._send_queue is None or not self._send_queue.follows(name):
            self._follow(name, turn.last_seq)

    def _follow(self, turn: str, after_seq: int) -> None:
        if not self._is_open:
            return
        if self._send_queue is None:
            self._send_queue = SendQueue(runner.get_turn_log, self._send_text)
        self._send_queue.follow(turn, after_seq, most=MAX_SUBSCRIPTIONS)

    async def _close_send_queue(self) -> None:
        self._is_open = False
        if self._send_queue:
            await self._send_queue.close()

    async def _send_text(self, text: str) -> None:
        # Sent many times a second, past the layers of channels that would inspect it.
        await self.base_send({"type": "websocket.send", "text": text})

    async def _refuse(self, client_id: str, code: str) -> None:
        message = refusal_message_for_scope(code, self.scope)
        await self.send_json(
            {"type": "refused", "client_id": client_id or None, "code": code, "message": message}
        )


def _parse_id(command: Command, field: str) -> uuid.UUID:
    """Return an id that a command names."""
    return uuid.UUID(str(command[field]))


def _parse_turn_request(command: Command, *, device: str, replaced: Turn | None = None) -> TurnRequest:
    """Return the turn that a command asks for; what it leaves out is as in the turn that it replaces."""
    keeps_prompt = replaced is not None and command["type"] != "edit"
    prompt = replaced.prompt if replaced and keeps_prompt else str(command["prompt"])
    strategy, panel = _parse_strategy(command), _parse_panel(command)
    if replaced:
        strategy, panel = strategy or replaced.asked_strategy, panel or tuple(replaced.asked_panel)
    is_follow_up = replaced is None and command.get("conversation")
    return TurnRequest(
        prompt=prompt,
        client_id=_parse_id(command, "client_id"),
        conversation=_parse_id(command, "conversation") if is_follow_up else None,
        parent=_parse_id(command, "parent") if is_follow_up and command.get("parent") else None,
        strategy=strategy,
        panel=panel,
        device=device,
    )


def _parse_after_seq(command: Command) -> int:
    """Return the number of the last event that a page has of a turn."""
    seq = int(command.get("after_seq", 0))
    if seq > MAX_SEQ:
        raise Refusal("malformed")
    return max(0, seq)


def _parse_strategy(command: Command) -> str:
    strategy = command.get("strategy") or ""
    if strategy and strategy not in Turn.Strategy.values:
        raise Refusal("malformed")
    return str(strategy)


def _parse_panel(command: Command) -> tuple[str, ...]:
    panel = command.get("panel") or []
    slugs = tuple(map(str, panel)) if isinstance(panel, list) else ()
    if len(slugs) != len(panel) or len(slugs) > PANEL_LIMIT or not all(map(_is_slug, slugs)):
        raise Refusal("malformed")
    return slugs


def _is_slug(text: str) -> bool:
    return text.isprintable() and len(text) <= SLUG_LIMIT


HANDLERS: dict[str, Callable[[TurnConsumer, Command], Awaitable[None]]] = {
    "open_turn": TurnConsumer._open_turn,
    "resume": TurnConsumer._resume,
    "stop": TurnConsumer._stop,
    "regenerate": TurnConsumer._replace,
    "edit": TurnConsumer._replace,
    "retry": TurnConsumer._retry,
    "add": TurnConsumer._add,
    **dict.fromkeys(FEEDBACK_COMMANDS, TurnConsumer._give_feedback),
    "ping": TurnConsumer._pong,
}
