"""Ratings of models from votes and signals: updated continuously, refitted every night."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import TypeVar

import numpy as np
from cachetools import TTLCache, cached
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.logistic import logistic, logit
from aggregator.models import Candidate, Listing, Signal, SkillRecord, Turn, Vote
from aggregator.pipeline.routing.exploration import Explorer
from aggregator.pipeline.routing.prompt_topics import classify_topic
from aggregator.ratings.bradley_terry import Belief, BradleyTerryModel, Comparison
from aggregator.selectors import vote_counts

ALL, KOREAN = "all", "ko"
SCOPES = (ALL, KOREAN)
# Limits the influence of one person; applied exactly by the nightly refit. A guest may be a person's second.
MAX_VOTES_PER_DAY = 30
GUEST_RELIABILITY = 0.5
BATCH_SIZE = 500
# Signals such as copies are cheap: more for one model on one day add no information.
MAX_SIGNALS_PER_MODEL = 5
CHECK_SECONDS = 60.0
RatingsByScope = dict[str, BradleyTerryModel]
Row = TypeVar("Row", Vote, Signal)
_shown: dict[str, int] = {}
# Created once: seeding takes longer than everything else that a turn does in this module.
_rng = np.random.default_rng()


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """A model's row: the probability to beat an average model, with its 95 % interval."""

    slug: str
    name: str
    vendor: str
    chance: float
    low: float
    high: float
    votes: int

    @property
    def percent(self) -> int:
        """The probability in percent."""
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
    """Learn from the votes and signals since the last call; return the number of votes."""
    return sum(_learn(scope, from_scratch=False) for scope in SCOPES)


def refit_ratings() -> int:
    """Refit from all votes and signals, so that changed and withdrawn votes count as they are now."""
    return sum(_learn(scope, from_scratch=True) for scope in SCOPES)


@transaction.atomic
def _learn(scope: str, *, from_scratch: bool) -> int:
    SkillRecord.objects.get_or_create(scope=scope)
    record = SkillRecord.objects.select_for_update().get(scope=scope)
    if from_scratch:
        record.beliefs, record.votes, record.last_vote, record.last_signal = [], 0, 0, 0
    votes = _read_in_batches(_votes_of(scope), record.last_vote, ends=not from_scratch)
    signals = _read_in_batches(_signals_of(scope), record.last_signal, ends=not from_scratch)
    ratings, counts_by_rater = _load_ratings(record), Counter[tuple[object, ...]]()
    voted = signalled = 0
    for vote in votes:
        record.last_vote, voted = vote.pk, voted + 1
        if _is_within(counts_by_rater, MAX_VOTES_PER_DAY, vote.voter_id, timezone.localdate(vote.created_at)):
            _learn_comparisons(ratings, list(comparisons_of_vote(vote, topic=topic_of(vote.turn))))
    for signal in signals:
        record.last_signal, signalled = signal.pk, signalled + 1
        day, model = timezone.localdate(signal.created_at), signal.candidate.model
        if _is_within(counts_by_rater, MAX_SIGNALS_PER_MODEL, signal.person_id, day, model):
            _learn_comparisons(
                ratings, list(comparisons_of_signal(signal, topic=topic_of(signal.candidate.turn)))
            )
    record.votes += voted
    record.beliefs = [[*key, belief.mean, belief.variance] for key, belief in ratings.beliefs.items()]
    if voted or signalled or from_scratch:
        record.save()
        forget_ratings()
    return voted


def _read_in_batches(rows: "QuerySet[Row]", last: int, *, ends: bool) -> Iterator[Row]:
    """Yield the rows with a higher primary key than `last`, read in batches to bound memory."""
    while found := list(rows.filter(pk__gt=last)[:BATCH_SIZE]):
        yield from found
        last = found[-1].pk
        if ends:
            return


def _is_within(counts_by_rater: Counter[tuple[object, ...]], most: int, *key: object) -> bool:
    counts_by_rater[key] += 1
    return counts_by_rater[key] <= most


def _learn_comparisons(ratings: BradleyTerryModel, comparisons: Sequence[Comparison]) -> None:
    """Learn from the comparisons of one vote, weighted by its rater's reliability."""
    if not comparisons:
        return
    rater = comparisons[0].rater
    rater_reliability = ratings.rater_reliability(rater)
    ratings.record_rater_agreement(rater, comparisons)
    for comparison in comparisons:
        ratings.learn(replace(comparison, reliability=comparison.reliability * rater_reliability))


def topic_of(turn: Turn) -> str:
    """Return the topic that a turn was routed by."""
    return str(turn.route.get("topic") or classify_topic(turn.prompt).topic)


def _votes_of(scope: str) -> "QuerySet[Vote]":
    votes = Vote.objects.select_related("turn", "candidate", "voter").prefetch_related("turn__candidates")
    return (votes.filter(turn__language=scope) if scope != ALL else votes).order_by("pk")


def _signals_of(scope: str) -> "QuerySet[Signal]":
    signals = Signal.objects.select_related(
        "person", "candidate__turn__replaced_by__answer_candidate"
    ).prefetch_related("candidate__turn__candidates", "candidate__turn__votes")
    return (signals.filter(candidate__turn__language=scope) if scope != ALL else signals).order_by("pk")


def comparisons_of_vote(vote: Vote, *, topic: str = "") -> Iterator[Comparison]:
    """Yield the chosen answer against each other one of its turn; their weights sum to one vote."""
    return _comparisons(vote.candidate, vote.turn, vote.voter, topic, "pick")


def comparisons_of_signal(signal: Signal, *, topic: str = "") -> Iterator[Comparison]:
    """Yield a copied or continued answer against the others, or a regenerated one against its replacement."""
    turn = signal.candidate.turn
    if any(vote.voter_id == signal.person_id for vote in turn.votes.all()):
        # The person's vote on this turn says more.
        return iter(())
    if signal.kind != Signal.Kind.REGENERATE:
        return _comparisons(signal.candidate, turn, signal.person, topic, signal.kind)
    better = turn.replaced_by.answer_candidate if turn.replaced_by else None
    if better is None or better.model == signal.candidate.model:
        return iter(())
    return iter([_comparison(better, signal.candidate, (0, 0), signal.person, topic, signal.kind)])


def _comparisons(
    winner: Candidate, turn: Turn, person: AbstractBaseUser, topic: str, kind: str
) -> Iterator[Comparison]:
    others = [
        row
        for row in turn.candidates.all()
        if row.pk != winner.pk and row.status == Candidate.Status.DONE and row.text
    ]
    order = [row["candidate"] for row in (turn.ranking or {}).get("standings", ())]
    for other in others:
        places = (_find_position(order, winner), _find_position(order, other))
        comparison = _comparison(winner, other, places, person, topic, kind)
        yield replace(comparison, reliability=comparison.reliability / len(others))


def _comparison(
    winner: Candidate,
    loser: Candidate,
    places: tuple[int, int],
    person: AbstractBaseUser,
    topic: str,
    kind: str,
) -> Comparison:
    return Comparison(
        winner=winner.model,
        loser=loser.model,
        topic=topic,
        lengths=(len(winner.text), len(loser.text)),
        places=places,
        signal=kind,
        reliability=GUEST_RELIABILITY if getattr(person, "is_guest", False) else 1.0,
        rater=str(person.pk),
    )


def _find_position(order: Sequence[str], candidate: Candidate) -> int:
    name = str(candidate.public_id)
    return order.index(name) if name in order else candidate.position


def _load_ratings(record: SkillRecord | None) -> BradleyTerryModel:
    beliefs = record.beliefs if record else []
    return BradleyTerryModel(
        priors={slug: logit(standing) for slug, standing in Listing.objects.values_list("slug", "standing")},
        beliefs={(kind, name): Belief(mean, variance) for kind, name, mean, variance in beliefs},
    )


@cached(TTLCache(1, CHECK_SECONDS), lock=Lock())
def read_all_ratings() -> RatingsByScope:
    """Return the ratings of every scope; queries the database once a minute in each process."""
    records = {record.scope: record for record in SkillRecord.objects.all()}
    _shown.update(Listing.objects.values_list("slug", "shown"))
    return {scope: _load_ratings(records.get(scope)) for scope in SCOPES}


def read_ratings(scope: str) -> BradleyTerryModel:
    """Return the ratings of a scope."""
    return read_all_ratings()[scope]


def find_ratings(ratings_by_scope: RatingsByScope, language: str) -> BradleyTerryModel:
    """Return the ratings that apply to a language."""
    return ratings_by_scope[KOREAN if language == KOREAN else ALL]


def forget_ratings() -> None:
    """Read ratings and vote counts from the database at the next call."""
    read_all_ratings.cache_clear()
    vote_counts.forget_vote_counts()


def apply_ratings(
    offer: Iterable[LanguageModel], ratings: BradleyTerryModel, topic: str = ""
) -> list[LanguageModel]:
    """Return models, best first, with the rating on this topic, where there is one, as quality prior."""
    moved = [
        replace(model, standing=round(logistic(ratings.estimate_skill(model.slug, topic)[0]), 4))
        if ("skill", model.slug) in ratings.beliefs
        else model
        for model in offer
    ]
    return sorted(moved, key=lambda model: (-model.standing, model.slug))


def build_explorer(
    offer: Iterable[LanguageModel], ratings: BradleyTerryModel, topic: str, max_cost_micros: int
) -> Explorer:
    """Return the exploration policy of a turn: beliefs on its topic and the most that exploring may cost."""
    beliefs = {model.slug: ratings.estimate_skill(model.slug, topic) for model in offer}
    return Explorer(
        share=settings.EXPLORE_PERCENT / 100,
        rng=_rng,
        beliefs={slug: (mean, width / 1.96) for slug, (mean, width) in beliefs.items()},
        exposures=dict(_shown),
        max_cost_micros=max_cost_micros,
    )


def build_leaderboard(scope: str, topic: str = "") -> list[LeaderboardRow]:
    """Return every offered model and every model with votes, best first, overall or on a topic."""
    counts = vote_counts.count_votes("" if scope == ALL else scope, topic)
    return _build_rows(read_ratings(scope), counts, topic)


def build_own_leaderboard(person: User) -> list[LeaderboardRow]:
    """Return the leaderboard of one person's own votes; empty without votes."""
    votes = list(_votes_of(ALL).filter(voter=person)[:BATCH_SIZE])
    ratings = _load_ratings(None)
    for vote in votes:
        for comparison in comparisons_of_vote(vote):
            ratings.learn(comparison)
    return _build_rows(ratings, Counter(vote.candidate.model for vote in votes)) if votes else []


def _build_rows(ratings: BradleyTerryModel, counts: Counter[str], topic: str = "") -> list[LeaderboardRow]:
    rows = [
        row
        for row in Listing.objects.all()
        if (row.is_on and (row.is_reachable or row.account_id)) or counts[row.slug]
    ]
    skills = {row.slug: ratings.estimate_skill(row.slug, topic) for row in rows}
    middle = sum(mean for mean, _ in skills.values()) / max(1, len(skills))
    places = []
    for row in rows:
        lead, doubt = skills[row.slug][0] - middle, skills[row.slug][1]
        chance, low, high = (
            logistic(lead),
            logistic(lead - doubt),
            logistic(lead + doubt),
        )
        places.append(LeaderboardRow(row.slug, row.name, row.vendor, chance, low, high, counts[row.slug]))
    return sorted(places, key=lambda place: (-place.chance, place.slug))
