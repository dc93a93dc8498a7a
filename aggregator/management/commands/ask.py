"""Runs one turn from a shell on the same path as the page's, and prints it as text or JSON."""

import asyncio
import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from accounts.models import User
from aggregator.domain.events import decode
from aggregator.domain.messages import REFUSALS
from aggregator.domain.turn_state import CandidateState, TurnState, reduce_events
from aggregator.execution.processes.submission import get_turn_log, get_turn_logs, hand_to_worker
from aggregator.infra.async_database import close_database
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn
from aggregator.selectors.turns import get_turn_with_related, rebuild_events
from aggregator.services import turns
from aggregator.services.refusal import Refusal
from aggregator.streaming.turn_feed import LogEntry

SHELL_USER = "shell"
WON = 1_000_000
# Added to a turn's deadline for a worker that is just starting, and for the ad.
DEADLINE_MARGIN_SECONDS = 60


class Command(BaseCommand):
    help = "Answer one prompt: candidates, ranking, answer, cost, time and ad."
    # System checks would import every page of the site.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the prompt and the options of the page's composer."""
        parser.add_argument("prompt", help="the prompt")
        parser.add_argument("--panel", default="", help="slugs separated by commas")
        parser.add_argument(
            "--strategy",
            default="",
            choices=Turn.Strategy.values,
            help="how several answers become one; chosen by the router by default",
        )
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print the whole turn as JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the turn and print it."""
        request = turns.TurnRequest(
            prompt=options["prompt"],
            strategy=options["strategy"],
            panel=tuple(slug for slug in options["panel"].split(",") if slug),
        )
        try:
            state = asyncio.run(_answer(request))
        except Refusal as refusal:
            raise _failure(refusal.code) from refusal
        except TimeoutError as error:
            raise _failure("server_failed") from error
        if options["as_json"]:
            self.stdout.write(json.dumps(as_document(state), ensure_ascii=False, indent=2))
        else:
            self.stdout.write(as_text(state))
        if state.status == "failed":
            raise _failure(state.error)


def _failure(code: str) -> CommandError:
    # The turn and its ad are in the site's language; only the messages of the shell are in English.
    with translation.override("en"):
        return CommandError(str(REFUSALS.get(code, code)))


async def _answer(request: turns.TurnRequest) -> TurnState:
    owner = await run_in_db_thread(_shell_user)
    turn = await run_in_db_thread(turns.open_turn, owner=owner, request=request)
    return await (_run_on_worker(turn) if settings.TURN_RUNNER == "worker" else _run_here(turn))


async def _run_here(turn: Turn) -> TurnState:
    # What answers a turn takes most of a second to load, which a turn on a worker need not wait for.
    from aggregator.execution import runner
    from aggregator.execution.processes.lifecycle import warm_up

    try:
        # Loaded before, because the deadline of the ad leaves no time for it.
        await warm_up()
        await runner.run_turn(turn.public_id)
        return reduce_events(rebuild_events(await run_in_db_thread(get_turn_with_related, turn)))
    finally:
        await runner.close_loop_resources()


async def _run_on_worker(turn: Turn) -> TurnState:
    """Dispatch the turn to a worker and follow its events as a page does."""
    state, entries = TurnState(), asyncio.Queue[LogEntry]()
    feed = get_turn_log(str(turn.public_id)).feed
    subscription = await feed.subscribe(str(turn.public_id), 0, entries.put_nowait)
    try:
        async with asyncio.timeout(settings.TURN_DEADLINE_MS / 1000 + DEADLINE_MARGIN_SECONDS):
            await hand_to_worker(turn)
            while state.status == "running" or (state.status == "done" and state.placement is None):
                for document in (await entries.get()).events:
                    state.apply(decode(document))
    finally:
        feed.unsubscribe(subscription)
        if state.status == "running":
            await _stop(turn)
        await get_turn_logs.close()
        await close_database()
    return state


async def _stop(turn: Turn) -> None:
    from aggregator.execution.commands import stop_turn

    await stop_turn(turn)


def _shell_user() -> User:
    # The user has neither an address nor a password, so no one can log in as it.
    new = {"username": SHELL_USER, "password": make_password(None)}
    return User.objects.update_or_create(
        username=SHELL_USER, defaults={"is_active": True}, create_defaults=new
    )[0]


def as_document(state: TurnState) -> dict[str, Any]:
    """Return a turn as JSON values."""
    ranking, placement = state.ranking, state.placement
    return {
        "turn": state.turn,
        "prompt": state.prompt,
        "status": state.status,
        "strategy": state.strategy,
        "reasons": list(state.reasons),
        "candidates": [_candidate(candidate) for candidate in state.candidates.values()],
        "ranking": [
            {
                "model": state.candidates[row.candidate].model,
                "score": row.score,
                "group": row.group,
                "reasons": list(row.reasons),
            }
            for row in (ranking.standings if ranking else ())
        ],
        "agreement": {"agreeing": ranking.agreeing, "compared": ranking.compared} if ranking else None,
        "confidence": ranking.confidence if ranking else None,
        "answer": {"kind": state.answer_kind, "model": state.answering_model, "text": state.answer},
        "cost_won": state.cost_micros / WON,
        "duration_ms": state.duration_ms,
        "ad": placement.ad if placement else None,
        "no_ad_reason": placement.reason if placement else state.error or "not_placed",
    }


def _candidate(candidate: CandidateState) -> dict[str, Any]:
    return {
        "candidate": candidate.candidate,
        "model": candidate.model,
        "name": candidate.name,
        "status": candidate.status,
        "error": candidate.error,
        "finish_reason": candidate.finish_reason,
        "text": candidate.text,
        "ttft_ms": candidate.ttft_ms,
        "duration_ms": candidate.duration_ms,
        "tokens_per_second": candidate.tokens_per_second,
        "usage": {"input_tokens": candidate.input_tokens, "output_tokens": candidate.output_tokens},
        "cost_won": candidate.cost_micros / WON,
    }


def as_text(state: TurnState) -> str:
    """Return a turn as text for a terminal."""
    lines = []
    for candidate in state.candidates.values():
        speed = (
            f"{candidate.tokens_per_second} tok/s"
            if candidate.tokens_per_second
            else candidate.error or candidate.status
        )
        lines += [
            f"── {candidate.name} · {speed} · {candidate.cost_micros / WON:.4f} won",
            candidate.text.strip(),
            "",
        ]
    if state.ranking:
        order = (
            f"{rank}. {state.candidates[row.candidate].name} ({row.score:.2f})"
            for rank, row in enumerate(state.ranking.standings, 1)
        )
        lines += ["  ".join(order), ""]
    lines += [f"══ {state.answer_kind}", state.answer.strip(), ""]
    lines.append(f"{state.duration_ms / 1000:.1f} s · {state.cost_micros / WON:.4f} won")
    if state.placement and state.placement.ad:
        ad = state.placement.ad
        lines.append(f"[{ad['label']}] {ad['advertiser']}: {ad['title']} ({ad['display_domain']})")
    elif state.placement:
        lines.append(f"(no ad: {state.placement.reason})")
    return "\n".join(lines)
