"""The admin's page of a calibration: estimate before it starts, progress, result, and who may do what."""

import html
import re

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from aggregator.admin import calibration as pages
from aggregator.models import CalibrationAnswer, CalibrationRun, WeightsVersion
from aggregator.pipeline.ranking.weights import load_default_weights
from aggregator.selectors.calibration_runs import list_stalled_runs
from aggregator.services import calibration_runs
from aggregator.storage.model_weights import save_version
from testing.factories import ListingFactory, UserFactory

pytestmark = pytest.mark.django_db
RUNS = "/admin/aggregator/calibrationrun/"
REPORT = {
    "train": 60, "held_out": 40, "left_out": [], "router": "too_few", "oracle": 0.9, "gain": 0.05,
    "gain_error": 0.02, "is_worse": True, "is_used": False,
    "models": [{"slug": "one", "train": 0.7, "held_out": 0.725}],
    "rows": {
        "shipped": {"vote": 0.7, "routed": 0.7, "error": 0.081, "shown": 40},
        "calibrated": {"vote": 0.75, "routed": 0.7, "error": 0.032, "shown": 40},
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Start no processes; returns the runs that one would be started for."""
    runs: list[int] = []

    def start() -> int:
        runs.extend(list_stalled_runs(calibration_runs.HOLD_SECONDS))
        return len(runs)

    monkeypatch.setattr(pages, "continue_runs", start)
    return runs


def log_in(client: Client, *permissions: str) -> None:
    """Log in as staff with these permissions."""
    staff = UserFactory.create(username="staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(staff)


def add_run(client: Client, **changes: object) -> CalibrationRun:
    """Send the form of a calibration by two models."""
    for slug in ("one", "two"):
        ListingFactory.create(slug=slug, input_price_micros=1_000, output_price_micros=4_000)
    form = {"kind": "answers", "models": ["one", "two"], "limit": "12", "budget": "0.5", **changes}
    client.post(f"{RUNS}add/", form)
    return CalibrationRun.objects.get()


def test_a_calibration_shows_its_cost_starts_stops_and_goes_on(client: Client, started: list[int]) -> None:
    log_in(client, "add_calibrationrun", "view_calibrationrun")
    run = add_run(client)
    url = f"{RUNS}{run.pk}/"

    page = client.get(f"{url}change/").content.decode()
    assert (run.status, run.questions.count(), run.budget_micros) == ("draft", 12, 500_000)
    assert "예상 비용" in page and "예산이 예상 비용보다 적어요" in page and not started

    page = client.post(f"{url}start/", follow=True).content.decode()
    run.refresh_from_db()
    assert run.status == "running" and started == [run.pk]
    assert "data-refresh-seconds" in page and "답 24개 가운데 0개" in page
    page = client.post(f"{url}stop/", follow=True).content.decode()
    run.refresh_from_db()
    assert run.status == "stopped" and "이어서 하기" in page
    client.post(f"{url}start/", {"budget": "700"})
    run.refresh_from_db()
    assert (run.status, run.budget_micros) == ("running", 700_000_000)


def test_a_file_that_cannot_be_used_is_refused_beside_its_field(client: Client) -> None:
    log_in(client, "add_calibrationrun", "view_calibrationrun")
    ListingFactory.create(slug="one")
    ListingFactory.create(slug="two")
    hostile = SimpleUploadedFile("<b>.csv", b"question,answer\n<script>,\n", "text/csv")
    form = {"kind": "answers", "models": ["one"], "budget": "5", "file": hostile}

    page = client.post(f"{RUNS}add/", form)

    errors = page.context["adminform"].form.errors
    assert "2번째 줄에 정답이 없어요" in str(errors["file"])
    assert not CalibrationRun.objects.exists()


def test_a_result_is_a_table_and_worse_weights_need_a_tick(client: Client) -> None:
    log_in(client, "add_calibrationrun", "view_calibrationrun", "change_weightsversion")
    run = add_run(client)
    version = save_version(load_default_weights(), is_active=False)
    CalibrationRun.objects.filter(pk=run.pk).update(
        status="done", report=REPORT, version=version, ended_at=timezone.now()
    )
    question = run.questions.all()[0]
    CalibrationAnswer.objects.create(question=question, model="two", error="timed_out")
    url = f"{RUNS}{run.pk}/"

    page = client.get(f"{url}change/").content.decode()
    for words in ("72.5%", "75.0%", "0.032", "+5.0점", "제시간에 답하지 않았어요", "지금보다 나빠서"):
        assert words in page
    client.post(f"{url}use/")
    assert not WeightsVersion.objects.get().is_active
    client.post(f"{url}use/", {"even_if_worse": "on"})
    assert WeightsVersion.objects.get().is_active
    client.post(f"{url}revert/")
    assert not WeightsVersion.objects.get().is_active


def test_a_verdict_on_fused_answers_is_a_table_and_no_judge_is_stated(client: Client) -> None:
    log_in(client, "add_calibrationrun", "view_calibrationrun")
    run = add_run(client, kind="fusion")
    row = {
        "slug": "one",
        "judge": "two",
        "verdict": "worse",
        "share": 0.3,
        "low": 0.2,
        "high": 0.4,
        "pairs": 50,
    }
    runs = CalibrationRun.objects.filter(pk=run.pk)
    assert (run.source, run.questions.filter(gold="").count()) == ("open_questions.csv", 12)

    runs.update(status="done", report={"fusion": [row]})
    page = client.get(f"{RUNS}{run.pk}/change/").content.decode()
    assert "합치지 않아요" in page and "30% (20%~40%)" in page
    runs.update(report={"problem": "no_judge"})
    assert "심사할 수 있는 모델이 없어서" in client.get(f"{RUNS}{run.pk}/change/").content.decode()


def test_who_may_only_look_starts_and_uses_nothing(client: Client, started: list[int]) -> None:
    log_in(client, "add_calibrationrun", "view_calibrationrun")
    run = add_run(client)
    client.logout()
    UserFactory._meta.model.objects.filter(username="staff").delete()
    log_in(client, "view_calibrationrun")

    page = client.get(f"{RUNS}{run.pk}/change/")

    assert page.status_code == 200 and "시작하기" not in page.content.decode()
    for name in ("start", "stop", "use", "revert"):
        assert client.post(f"{RUNS}{run.pk}/{name}/").status_code == 403
    assert client.get(f"{RUNS}add/").status_code == 403
    assert not started


def test_answers_are_found_by_model_and_by_whether_they_are_right(client: Client) -> None:
    log_in(client, "view_calibrationrun", "add_calibrationrun", "view_calibrationanswer")
    run = add_run(client)
    row = run.questions.order_by("position")[0]
    for slug, text, is_right in (("one", "맞는 답", True), ("two", "틀린 답", False)):
        CalibrationAnswer.objects.create(question=row, model=slug, text=text, is_right=is_right)
    run.status = CalibrationRun.Status.DONE
    run.save()

    page = client.get(f"{RUNS}{run.pk}/change/").content.decode()
    url = re.search(r'href="(/admin/aggregator/calibrationanswer/[^"]+)"', page)
    assert url
    address = html.unescape(url[1])
    found = client.get(address).content.decode()
    wrong = client.get(f"{address}&is_right__exact=0").content.decode()

    assert "맞는 답" in found
    assert "틀린 답" in found
    assert "맞는 답" not in wrong
    assert "틀린 답" in wrong


def test_who_may_not_see_answers_gets_neither_link_nor_page(client: Client) -> None:
    log_in(client, "view_calibrationrun", "add_calibrationrun")
    run = add_run(client)
    CalibrationRun.objects.update(status=CalibrationRun.Status.DONE)

    assert "calibrationanswer" not in client.get(f"{RUNS}{run.pk}/change/").content.decode()
    assert client.get("/admin/aggregator/calibrationanswer/").status_code == 403
