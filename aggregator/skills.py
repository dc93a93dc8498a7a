"""What picks have taught: taken in as they come, worked out anew each night, read by route and board."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import TypeVar

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from aggregator import picks
from aggregator.catalog import LanguageModel
from aggregator.models import Candidate, Listing, Signal, SkillRecord, Turn, Vote
from aggregator.pipeline.explore import Explorer
from aggregator.pipeline.skill import Belief, Duel, SkillBook
from aggregator.pipeline.topics import tell_topic

ALL, KOREAN = "all", "ko"
SCOPES = (ALL, KOREAN)
# Whoever picks all day long speaks for one person still (held to it each night); a guest may be one as well.
PICKS_A_DAY = 30
GUEST_RELIABILITY = 0.5
VOTES_A_ROUND = 500
# Copies and the like are cheap: more than so many of one model's answers a day say nothing new.
SIGNALS_A_MODEL = 5
LOOK_SECONDS = 60.0
Books = dict[str, SkillBook]
Row = TypeVar("Row", Vote, Signal)
_books: Books = {}
_shown: dict[str, int] = {}
_last_look: list[float] = []
# Made once: finding a seed takes longer than all else that a turn asks of this module.
_chance = np.random.default_rng()


@dataclass(frozen=True, slots=True)
class Place:
    """A model's place on a board: the chance to be preferred to a middling one, between two bounds."""

    slug: str
    name: str
    vendor: str
    chance: float
    low: float
    high: float
    picks: int

    @property
    def percent(self) -> int:
        """The chance in percent, and below, its bounds."""
        return round(self.chance * 100)

    @property
    def low_percent(self) -> int:
        """The lower bound in percent."""
        return round(self.low * 100)

    @property
    def high_percent(self) -> int:
        """The upper bound in percent."""
        return round(self.high * 100)


def learn_new_votes() -> int:
    """Take in the votes that came since the last time; returns how many there were."""
    return sum(_learn(scope, anew=False) for scope in SCOPES)


def refit_skills() -> int:
    """Work everything out anew, so that moved and withdrawn votes count as they now stand."""
    return sum(_learn(scope, anew=True) for scope in SCOPES)


@transaction.atomic
def _learn(scope: str, *, anew: bool) -> int:
    SkillRecord.objects.get_or_create(scope=scope)
    record = SkillRecord.objects.select_for_update().get(scope=scope)
    if anew:
        record.beliefs, record.votes, record.last_vote, record.last_signal = [], 0, 0, 0
    votes = _read_in_rounds(_votes_of(scope), record.last_vote, ends=not anew)
    signals = _read_in_rounds(_signals_of(scope), record.last_signal, ends=not anew)
    book, judges = _read_book(record), Counter[tuple[object, ...]]()
    taken = told = 0
    for vote in votes:
        record.last_vote, taken = vote.pk, taken + 1
        if _is_within(judges, PICKS_A_DAY, vote.voter_id, timezone.localdate(vote.created_at)):
            _teach(book, list(duels_of(vote, topic=topic_of(vote.turn))))
    for signal in signals:
        record.last_signal, told = signal.pk, told + 1
        day, model = timezone.localdate(signal.created_at), signal.candidate.model
        if _is_within(judges, SIGNALS_A_MODEL, signal.person_id, day, model):
            _teach(book, list(duels_of_signal(signal, topic=topic_of(signal.candidate.turn))))
    record.votes += taken
    record.beliefs = [[*key, belief.mean, belief.variance] for key, belief in book.beliefs.items()]
    if taken or told or anew:
        record.save()
        forget_books()
    return taken


def _read_in_rounds(rows: "QuerySet[Row]", last: int, *, ends: bool) -> Iterator[Row]:
    """Yield the rows after the last one known, a round at a time: all of them do not fit into memory."""
    while found := list(rows.filter(pk__gt=last)[:VOTES_A_ROUND]):
        yield from found
        last = found[-1].pk
        if ends:
            return


def _is_within(judges: Counter[tuple[object, ...]], most: int, *judge: object) -> bool:
    judges[judge] += 1
    return judges[judge] <= most


def _teach(book: SkillBook, duels: Sequence[Duel]) -> None:
    """Take in one judgement, for less when its judge keeps preferring what nobody else does."""
    if not duels:
        return
    judge = duels[0].judge
    trust = book.trust(judge)
    book.note_judge(judge, duels)
    for duel in duels:
        book.learn(replace(duel, reliability=duel.reliability * trust))


def topic_of(turn: Turn) -> str:
    """Return the kitchen's topic of a turn, as it was told when it was routed."""
    return str(turn.route.get("topic") or tell_topic(turn.prompt).topic)


def _votes_of(scope: str) -> "QuerySet[Vote]":
    votes = Vote.objects.select_related("turn", "candidate", "voter").prefetch_related("turn__candidates")
    return (votes.filter(turn__language=scope) if scope != ALL else votes).order_by("pk")


def _signals_of(scope: str) -> "QuerySet[Signal]":
    signals = Signal.objects.select_related(
        "person", "candidate__turn__replaced_by__answer_candidate"
    ).prefetch_related("candidate__turn__candidates", "candidate__turn__votes")
    return (signals.filter(candidate__turn__language=scope) if scope != ALL else signals).order_by("pk")


def duels_of(vote: Vote, *, topic: str = "") -> Iterator[Duel]:
    """Yield the picked answer against each other one that stood beside it, together as much as one pick."""
    return _duels(vote.candidate, vote.turn, vote.voter, topic, "pick")


def duels_of_signal(signal: Signal, *, topic: str = "") -> Iterator[Duel]:
    """Yield what a signal says: copied or gone on with against the others, or replaced by a better one."""
    turn = signal.candidate.turn
    if any(vote.voter_id == signal.person_id for vote in turn.votes.all()):
        # Whoever has picked has said more.
        return iter(())
    if signal.kind != Signal.Kind.REGENERATE:
        return _duels(signal.candidate, turn, signal.person, topic, signal.kind)
    better = turn.replaced_by.answer_candidate if turn.replaced_by else None
    if better is None or better.model == signal.candidate.model:
        return iter(())
    return iter([_duel(better, signal.candidate, (0, 0), signal.person, topic, signal.kind)])


def _duels(winner: Candidate, turn: Turn, person: AbstractBaseUser, topic: str, kind: str) -> Iterator[Duel]:
    others = [
        row
        for row in turn.candidates.all()
        if row.pk != winner.pk and row.status == Candidate.Status.DONE and row.text
    ]
    order = [row["candidate"] for row in (turn.ranking or {}).get("standings", ())]
    for other in others:
        places = (_place(order, winner), _place(order, other))
        duel = _duel(winner, other, places, person, topic, kind)
        yield replace(duel, reliability=duel.reliability / len(others))


def _duel(
    winner: Candidate,
    loser: Candidate,
    places: tuple[int, int],
    person: AbstractBaseUser,
    topic: str,
    kind: str,
) -> Duel:
    return Duel(
        winner=winner.model,
        loser=loser.model,
        topic=topic,
        lengths=(len(winner.text), len(loser.text)),
        places=places,
        signal=kind,
        reliability=GUEST_RELIABILITY if getattr(person, "is_guest", False) else 1.0,
        judge=str(person.pk),
    )


def _place(order: Sequence[str], candidate: Candidate) -> int:
    name = str(candidate.public_id)
    return order.index(name) if name in order else candidate.position


def _read_book(record: SkillRecord | None) -> SkillBook:
    beliefs = record.beliefs if record else []
    return SkillBook(
        priors={
            slug: _as_skill(standing) for slug, standing in Listing.objects.values_list("slug", "standing")
        },
        beliefs={(kind, name): Belief(mean, variance) for kind, name, mean, variance in beliefs},
    )


def _as_skill(standing: float) -> float:
    chance = min(0.98, max(0.02, standing))
    return log(chance / (1 - chance))


def _as_chance(skill: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, skill))))


def read_books() -> Books:
    """Return what is known in every scope; the database is asked once a minute and a process."""
    moment = time.monotonic()
    if not _books or not _last_look or moment - _last_look[0] >= LOOK_SECONDS:
        records = {record.scope: record for record in SkillRecord.objects.all()}
        _books.update({each: _read_book(records.get(each)) for each in SCOPES})
        _shown.update(Listing.objects.values_list("slug", "shown"))
        # Only now: a database that is away is asked again, and who asks meanwhile finds every scope.
        _last_look[:] = [moment]
    return dict(_books)


def read_book(scope: str) -> SkillBook:
    """Return what is known in a scope."""
    return read_books()[scope]


def find_book(books: Books, language: str) -> SkillBook:
    """Return the book that models are measured by in a language."""
    return books[KOREAN if language == KOREAN else ALL]


def forget_books() -> None:
    """Look again at the next chance."""
    _last_look.clear()
    picks.forget_picks()


def with_skills(offer: Iterable[LanguageModel], book: SkillBook, topic: str = "") -> list[LanguageModel]:
    """Return models whose standing is the catalog's, moved by what picks taught on this topic, best first."""
    moved = [
        replace(model, standing=round(_as_chance(book.measure_skill(model.slug, topic)[0]), 4))
        if ("skill", model.slug) in book.beliefs
        else model
        for model in offer
    ]
    return sorted(moved, key=lambda model: (-model.standing, model.slug))


def explorer(offer: Iterable[LanguageModel], book: SkillBook, topic: str, most_cost_micros: int) -> Explorer:
    """Return who may be tried in a turn, as believed on this topic, for at most so much."""
    beliefs = {model.slug: book.measure_skill(model.slug, topic) for model in offer}
    return Explorer(
        share=settings.EXPLORE_PERCENT / 100,
        rng=_chance,
        beliefs={slug: (mean, width / 1.96) for slug, (mean, width) in beliefs.items()},
        impressions=dict(_shown),
        most_cost_micros=most_cost_micros,
    )


def rank_models(scope: str, topic: str = "") -> list[Place]:
    """Return a board, best first: every model on offer and every one ever picked, overall or on a topic."""
    counts = picks.count_picks("" if scope == ALL else scope, topic)
    return _rank(read_book(scope), counts, topic)


def rank_own(person: User) -> list[Place]:
    """Return the board of one person's own picks; empty while there are none."""
    votes = list(_votes_of(ALL).filter(voter=person)[:VOTES_A_ROUND])
    book = _read_book(None)
    for vote in votes:
        for duel in duels_of(vote):
            book.learn(duel)
    return _rank(book, Counter(vote.candidate.model for vote in votes)) if votes else []


def _rank(book: SkillBook, counts: Counter[str], topic: str = "") -> list[Place]:
    rows = [row for row in Listing.objects.all() if (row.is_on and row.is_reachable) or counts[row.slug]]
    skills = {row.slug: book.measure_skill(row.slug, topic) for row in rows}
    middle = sum(mean for mean, _ in skills.values()) / max(1, len(skills))
    places = []
    for row in rows:
        lead, doubt = skills[row.slug][0] - middle, skills[row.slug][1]
        chance, low, high = _as_chance(lead), _as_chance(lead - doubt), _as_chance(lead + doubt)
        places.append(Place(row.slug, row.name, row.vendor, chance, low, high, counts[row.slug]))
    return sorted(places, key=lambda place: (-place.chance, place.slug))
