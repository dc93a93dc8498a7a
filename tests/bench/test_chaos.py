"""A small run of bench/chaos.py: every part of a real site is killed while turns stream."""

from tests.bench.run_bench import run_bench


def test_nothing_that_was_shown_is_lost_when_any_part_is_killed() -> None:
    missed, output = run_bench("chaos")
    assert missed == {}, output
