"""`manage.py calibrate` asks models by HTTP, survives its process, keeps to its budget, and fits weights."""

import asyncio
import contextlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from aggregator.calibration.question_file import read_question_file
from aggregator.calibration.run import carry_out
from aggregator.execution import runner
from aggregator.execution.setup import forget_snapshot
from aggregator.models import CalibrationAnswer, CalibrationRun, Usage, WeightsVersion
from aggregator.pipeline.ranking.weights import activate_weights
from aggregator.selectors.turns import answer_text_of
from aggregator.selectors.usage import spent_today
from aggregator.services import calibration_runs
from aggregator.storage import model_weights
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.test_turns import RunAsk, run_ask

__all__ = ["run_ask"]
pytestmark = pytest.mark.django_db(transaction=True)
LIVE_QUESTION = "17 곱하기 23은 얼마인가요?"


@pytest.fixture(autouse=True)
def _begin_with_shipped_weights() -> Iterator[None]:
    """Begin and end every test with the weights that ship."""
    activate_weights(None)
    model_weights.refresh_weights.cache_clear()
    yield
    activate_weights(None)
    model_weights.refresh_weights.cache_clear()


def write_questions(folder: Path, count: int) -> Path:
    """Write a file of sums."""
    rows = "".join(f"{row} 더하기 {row + 1}은 얼마인가요?,{2 * row + 1}\n" for row in range(count))
    path = folder / "sums.csv"
    path.write_text(f"question,answer\n{rows}", encoding="utf-8")
    return path


def answer_sums(right: dict[str, Callable[[int], bool]]) -> Callable[[str, str], Script | None]:
    """Return scripts of models that say the right sum, or all the same wrong one."""

    def find(model: str, prompt: str) -> Script | None:
        if model not in right or not prompt[0].isdigit():
            return None
        row = int(prompt.split()[0])
        if "곱하기" in prompt:
            return say("정답: 391" if model == "keen" else "정답: 389")
        return say(f"정답: {2 * row + 1 if right[model](row) else 2 * row + 3}")

    return find


def is_third(row: int) -> bool:
    """Return whether a weak model knows a sum."""
    return row % 3 == 0


def calibrate(*arguments: object, **options: object) -> str:
    """Run the command and return what it prints."""
    out = io.StringIO()
    call_command("calibrate", *map(str, arguments), yes=True, stdout=out, **options)
    return out.getvalue()


def count_requests(provider: ProviderServer) -> Counter[tuple[str, str]]:
    """Return how often each model was asked each question."""
    return Counter((seen.model, str(seen.messages[-1]["content"])) for seen in provider.seen)


def start_run(folder: Path, panel: tuple[str, ...], count: int) -> CalibrationRun:
    """Store and start a run of sums."""
    questions = read_question_file(write_questions(folder, count).read_bytes())
    run = calibration_runs.create_run(
        calibration_runs.CalibrationOrder("sums.csv", panel, questions=questions)
    )
    calibration_runs.start_run(run.pk)
    return run


async def test_calibrated_weights_beat_a_cold_start_and_reach_a_live_turn(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk, tmp_path: Path
) -> None:
    # Two models make the same mistakes, so that a cold vote follows them.
    provider.find_script = answer_sums(
        {
            "keen": lambda row: row % 12 != 0,
            "twin": lambda row: row % 3 == 0,
            "copy": lambda row: row % 3 == 0,
        }
    )
    for slug in ("keen", "twin", "copy"):
        await asyncio.to_thread(offer_model, slug, standing=0.6)
    before, _ = await run_ask(LIVE_QUESTION)

    printed = await asyncio.to_thread(calibrate, "--questions", write_questions(tmp_path, 60))

    await asyncio.to_thread(check_stored_run, printed, before.cost_micros)
    # It waits to be activated.
    version = await WeightsVersion.objects.aget()
    assert not version.is_active
    await asyncio.to_thread(model_weights.activate_version, version)
    forget_snapshot()
    after, _ = await run_ask(LIVE_QUESTION)
    assert (answer_text_of(before), answer_text_of(after)) == ("정답: 389", "정답: 391")


def check_stored_run(printed: str, spent_on_turns: int) -> None:
    """Check the table of a run of sixty questions to three models, of which one is good."""
    run = CalibrationRun.objects.get()
    report = run.report
    assert run.status == "done" and report["train"] + report["held_out"] == 60
    assert report["rows"]["calibrated"]["vote"] > report["rows"]["shipped"]["vote"] + 0.3
    assert not report["is_worse"] and report["models"][0]["slug"] == "keen"
    assert all(
        words in printed for words in ("60 questions, 180 calls", "cold start", "calibrated", "points")
    )
    answers = CalibrationAnswer.objects.filter(model="keen")
    assert answers.filter(is_right=True).count() == 55 and answers.filter(is_right=False).count() == 5
    # Every call is in the usage that all spending is in, and takes nothing from the day's turns.
    calls = Usage.objects.filter(purpose="calibrate")
    assert calls.count() == 180 and run.cost_micros == sum(call.cost_micros for call in calls) > 0
    assert spent_today() == spent_on_turns


def test_a_run_whose_process_dies_goes_on_with_what_is_stored(
    provider: ProviderServer, offer_model: MakeModel, tmp_path: Path
) -> None:
    answer = answer_sums({"one": lambda _: True, "two": lambda _: True})

    def answer_first_half(model: str, prompt: str) -> Script | None:
        is_late = prompt[0].isdigit() and int(prompt.split()[0]) >= 6
        return say("정답: 0", first_delay_s=600) if is_late else answer(model, prompt)

    provider.find_script = answer_first_half
    for slug in ("one", "two"):
        offer_model(slug)
    run = start_run(tmp_path, ("one", "two"), 12)

    def has_half() -> bool:
        return CalibrationAnswer.objects.count() == 12

    async def die_midway() -> None:
        task = asyncio.create_task(carry_out(run.pk, stop=asyncio.Event()))
        assert await asyncio.to_thread(provider.wait_until, has_half, 60)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await runner.close_loop_resources()

    asyncio.run(die_midway())
    run.refresh_from_db()
    assert run.status == "running"
    kept = set(CalibrationAnswer.objects.values_list("model", "question__prompt"))
    before = count_requests(provider)
    provider.find_script = answer

    calibrate("--resume", run.pk)

    assert CalibrationAnswer.objects.count() == 24
    assert all(count_requests(provider)[call] == before[call] == 1 for call in kept)
    run.refresh_from_db()
    assert run.cost_micros == sum(call.cost_micros for call in Usage.objects.all())


def test_a_run_never_costs_more_than_its_budget(
    provider: ProviderServer, offer_model: MakeModel, tmp_path: Path
) -> None:
    provider.find_script = answer_sums({"one": lambda _: True, "two": lambda _: True})
    for slug in ("one", "two"):
        offer_model(slug, output_limit=40, output_price_micros=10_000)

    printed = calibrate("--questions", write_questions(tmp_path, 20), "--budget", 1)

    run = CalibrationRun.objects.get()
    assert "the budget was reached" in printed and run.is_over_budget
    assert 0 < run.cost_micros == sum(call.cost_micros for call in Usage.objects.all()) <= 1_000_000
    stored = CalibrationAnswer.objects.count()
    assert 0 < stored < 40

    calibrate("--resume", run.pk, "--budget", 100)

    assert CalibrationAnswer.objects.count() == 40
    run.refresh_from_db()
    assert not run.is_over_budget


def test_a_provider_that_limits_us_is_asked_again_after_its_pause(
    provider: ProviderServer, offer_model: MakeModel, tmp_path: Path
) -> None:
    limited = Script(
        pieces=("정답: 3",), status=429, error="rate_limit_exceeded", retry_after="0.4", fails_first=2
    )
    provider.add("calibration-limited", limited)
    provider.add("calibration-free", say("정답: 3"))
    for slug in ("calibration-limited", "calibration-free"):
        offer_model(slug, concurrency=1)

    calibrate("--questions", write_questions(tmp_path, 4))

    assert CalibrationAnswer.objects.filter(error="").count() == 8
    assert not CalibrationAnswer.objects.exclude(error="").exists()
    refused, *_ = provider.requests_for("calibration-limited")
    second = provider.requests_for("calibration-limited")[1]
    assert second.started_at - refused.started_at >= 0.4


def test_a_model_that_is_down_is_given_up_and_the_others_are_fitted(
    provider: ProviderServer, offer_model: MakeModel, tmp_path: Path
) -> None:
    provider.add("down", Script(status=500))
    provider.find_script = answer_sums({"one": lambda row: row % 5 != 0, "two": lambda row: row % 3 != 0})
    for slug in ("down", "one", "two"):
        offer_model(slug, concurrency=1)

    printed = calibrate("--questions", write_questions(tmp_path, 60))

    assert "left out, as they hardly answered: down" in printed
    assert CalibrationAnswer.objects.filter(model="down").count() < 10
    assert CalibrationRun.objects.get().version is not None


def test_weights_that_are_worse_are_not_used_unless_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, provider: ProviderServer, offer_model: MakeModel, tmp_path: Path
) -> None:
    provider.find_script = answer_sums({"one": lambda row: row % 2 == 0, "two": lambda row: row % 2 == 1})
    for slug in ("one", "two"):
        offer_model(slug)
    monkeypatch.setattr("aggregator.calibration.fit.is_worse", lambda _: True)
    path = write_questions(tmp_path, 60)

    printed = calibrate("--questions", path, "--activate")

    assert "is stored and not used: it is worse" in printed
    assert not WeightsVersion.objects.get().is_active
    calibrate("--questions", path, "--activate", "--even-if-worse")
    assert WeightsVersion.objects.filter(is_active=True).count() == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--models", "nobody"), "not on offer: nobody"),
        (("--resume", "999"), "there is no calibration 999"),
        (("--budget", "-1"), "amount of won"),
        (("--questions", "/nowhere.csv"), "cannot be read"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    offer_model: MakeModel, arguments: tuple[str, ...], words: str
) -> None:
    offer_model("one")

    with pytest.raises(CommandError, match=words):
        calibrate(*arguments)

    assert not CalibrationRun.objects.exists()
