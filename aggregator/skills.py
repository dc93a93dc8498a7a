"""What picks have taught: taken in as they come, worked out anew each night, read by route and board."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp, log

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from aggregator.catalog import LanguageModel
from aggregator.models import Candidate, Listing, SkillRecord, Vote
from aggregator.pipeline.explore import Explorer
from aggregator.pipeline.skill import Belief, Duel, SkillBook
from language.topics import find_topics

ALL, KOREAN = "all", "ko"
SCOPES = (ALL, KOREAN)
# Whoever picks all day long speaks for one person still (held to it each night); a guest may be one as well.
PICKS_A_DAY = 30
GUEST_RELIABILITY = 0.5
VOTES_A_ROUND = 500
LOOK_SECONDS = 60.0
_books: dict[str, SkillBook] = {}
_shown: dict[str, int] = {}
_last_look: list[float] = []


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
    votes = _votes_of(scope)
    if anew:
        record.beliefs, record.votes, record.last_vote = [], 0, 0
    else:
        votes = votes.filter(pk__gt=record.last_vote)[:VOTES_A_ROUND]
    book, taken = _read_book(record), 0
    picks_of_a_day: Counter[tuple[int, object]] = Counter()
    for vote in votes:
        day = (vote.voter_id, timezone.localdate(vote.created_at))
        picks_of_a_day[day] += 1
        record.last_vote, taken = vote.pk, taken + 1
        if picks_of_a_day[day] <= PICKS_A_DAY:
            topics = find_topics(vote.turn.prompt)
            for duel in duels_of(vote, topic=topics[0] if topics else ""):
                book.learn(duel)
    record.votes += taken
    record.beliefs = [[*key, belief.mean, belief.variance] for key, belief in book.beliefs.items()]
    if taken or anew:
        record.save()
        forget_books()
    return taken


def _votes_of(scope: str) -> "QuerySet[Vote]":
    votes = Vote.objects.select_related("turn", "candidate", "voter").prefetch_related("turn__candidates")
    return (votes.filter(turn__language=scope) if scope != ALL else votes).order_by("pk")


def duels_of(vote: Vote, *, topic: str = "") -> Iterator[Duel]:
    """Yield the picked answer against each other one that stood beside it, together as much as one pick."""
    others = [
        row
        for row in vote.turn.candidates.all()
        if row.pk != vote.candidate_id and row.status == Candidate.Status.DONE and row.text
    ]
    order = [row["candidate"] for row in (vote.turn.ranking or {}).get("standings", ())]
    winner = vote.candidate
    reliability = GUEST_RELIABILITY if getattr(vote.voter, "is_guest", False) else 1.0
    for other in others:
        yield Duel(
            winner=winner.model,
            loser=other.model,
            topic=topic,
            lengths=(len(winner.text), len(other.text)),
            places=(_place(order, winner), _place(order, other)),
            reliability=reliability / len(others),
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


def read_book(scope: str, *, now: float | None = None) -> SkillBook:
    """Return what is known in a scope; the database is asked once a minute and a process."""
    moment = time.monotonic() if now is None else now
    if scope not in _books or not _last_look or moment - _last_look[0] >= LOOK_SECONDS:
        records = {record.scope: record for record in SkillRecord.objects.all()}
        _books.update({each: _read_book(records.get(each)) for each in SCOPES})
        _shown.update(Listing.objects.values_list("slug", "shown"))
        # Only now: a database that is away is asked again, and who asks meanwhile finds every scope.
        _last_look[:] = [moment]
    return _books[scope]


def forget_books() -> None:
    """Look again at the next chance."""
    _last_look.clear()


def with_skills(offer: Iterable[LanguageModel], language: str, topic: str = "") -> list[LanguageModel]:
    """Return models whose standing is the catalog's, moved by what picks taught on this topic, best first."""
    book = read_book(_scope_of(language))
    moved = [
        replace(model, standing=round(_as_chance(book.measure_skill(model.slug, topic)[0]), 4))
        if ("skill", model.slug) in book.beliefs
        else model
        for model in offer
    ]
    return sorted(moved, key=lambda model: (-model.standing, model.slug))


def explorer(offer: Iterable[LanguageModel], language: str, topic: str, most_cost_micros: int) -> Explorer:
    """Return who may be tried in a turn, as believed on this topic, for at most so much."""
    book = read_book(_scope_of(language))
    beliefs = {model.slug: book.measure_skill(model.slug, topic) for model in offer}
    return Explorer(
        share=settings.EXPLORE_PERCENT / 100,
        rng=np.random.default_rng(),
        beliefs={slug: (mean, width / 1.96) for slug, (mean, width) in beliefs.items()},
        impressions=dict(_shown),
        most_cost_micros=most_cost_micros,
    )


def _scope_of(language: str) -> str:
    return KOREAN if language == KOREAN else ALL


def rank_models(scope: str) -> list[Place]:
    """Return the board of a scope, best first: every model on offer, and every one that was ever picked."""
    return _rank(read_book(scope), Counter(_votes_of(scope).values_list("candidate__model", flat=True)))


def rank_own(person: User) -> list[Place]:
    """Return the board of one person's own picks; empty while there are none."""
    votes = list(_votes_of(ALL).filter(voter=person)[:VOTES_A_ROUND])
    book = _read_book(None)
    for vote in votes:
        for duel in duels_of(vote):
            book.learn(duel)
    return _rank(book, Counter(vote.candidate.model for vote in votes)) if votes else []


def _rank(book: SkillBook, picks: Counter[str]) -> list[Place]:
    rows = [row for row in Listing.objects.all() if (row.is_on and row.is_reachable) or picks[row.slug]]
    skills = {row.slug: book.measure_skill(row.slug) for row in rows}
    middle = sum(mean for mean, _ in skills.values()) / max(1, len(skills))
    places = []
    for row in rows:
        lead, doubt = skills[row.slug][0] - middle, skills[row.slug][1]
        chance, low, high = _as_chance(lead), _as_chance(lead - doubt), _as_chance(lead + doubt)
        places.append(Place(row.slug, row.name, row.vendor, chance, low, high, picks[row.slug]))
    return sorted(places, key=lambda place: (-place.chance, place.slug))
