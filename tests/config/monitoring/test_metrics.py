"""/metrics needs the token, and the Grafana dashboard queries only metrics that exist."""

import json
import re

import pytest
from django.test import Client
from django.test.utils import override_settings

from aggregator.domain.turn_state import CandidateState, TurnState
from aggregator.infra import metrics
from config.data_dir import ROOT


@pytest.mark.parametrize(("token", "sent"), [("", ""), ("secret", ""), ("secret", "guess")])
def test_the_page_is_404_without_the_token(client: Client, token: str, sent: str) -> None:
    with override_settings(METRICS_TOKEN=token):
        assert client.get("/metrics", headers={"Authorization": f"Bearer {sent}"}).status_code == 404


def test_finished_turns_and_candidates_are_counted(client: Client) -> None:
    metrics.record_candidate(
        CandidateState("a", "wise", "Wise", "vendor", "failed", error="stalled", ttft_ms=90)
    )
    metrics.record_turn(TurnState(status="done", duration_ms=1_200))
    with override_settings(METRICS_TOKEN="secret"):
        page = client.get("/metrics", headers={"Authorization": "Bearer secret"}).content.decode()
    assert 'jjamppong_candidates_total{error="stalled",model="wise",status="failed"}' in page
    assert 'jjamppong_turns_total{status="done"}' in page


def test_the_dashboard_queries_only_existing_metrics() -> None:
    text = (ROOT / "docs" / "dashboard.json").read_text(encoding="utf-8")
    queried = set(re.findall(r"jjamppong_[a-z_]+", json.dumps(json.loads(text)["panels"])))
    served = set(re.findall(r"^# TYPE (jjamppong_[a-z_]+)", metrics.render_metrics().decode(), re.MULTILINE))
    assert {name.removesuffix("_bucket") for name in queried} <= served
