"""A small run of bench/deploy.py: parts of a real site are replaced while turns stream."""

import pytest

from tests.bench.run_bench import SECONDS, run_bench


@pytest.mark.timeout(SECONDS + 20)
def test_a_deploy_cuts_no_turn_and_loses_nothing() -> None:
    missed, output = run_bench("deploy")
    assert missed == {}, output
