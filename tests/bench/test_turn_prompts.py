"""The prompts of bench.turns: distinct, the same for every unit, and as varied as the docs say."""

import gzip
import json
from pathlib import Path

from bench.report import Goal
from bench.turns.prompts.source import PromptSource
from bench.turns.role_table import format_role_table
from bench.turns.units.messages import ChatMessages

COUNT = 800


def test_no_two_turns_of_a_run_ask_the_same_and_every_unit_gets_the_same_list() -> None:
    source = PromptSource()
    first, second = source.deal(COUNT, key=("fanout", 1)), source.deal(COUNT, key=("fanout", 2))
    texts = [prompt.text for prompt in (*first, *second)]
    assert len(set(texts)) == 2 * COUNT
    assert source.deal(COUNT, key=("fanout", 1)) == first == PromptSource().deal(COUNT, key=("other",))


def test_prompts_are_korean_and_english_short_and_long_with_follow_ups_and_sensitive_ones() -> None:
    prompts = PromptSource().deal(COUNT, key=())
    lengths = sorted(len(prompt.text) for prompt in prompts)
    assert lengths[0] >= 10
    assert lengths[COUNT // 2] < 80
    assert 250 < lengths[-COUNT // 50] <= 400
    korean = sum("가" <= max(prompt.text) <= "힣" for prompt in prompts)
    assert 0.6 < korean / COUNT < 0.8
    assert 0.1 < sum(prompt.is_follow_up for prompt in prompts) / COUNT < 0.25
    assert 0.04 < sum(prompt.is_sensitive for prompt in prompts) / COUNT < 0.12


def test_recorded_prompts_are_asked_where_a_data_folder_has_them(tmp_path: Path) -> None:
    folder = tmp_path / "open_answers"
    folder.mkdir()
    recorded = [f"A recorded question, number {number}" for number in range(200)]
    for name in ("ko_arena", "alpaca_eval"):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps({"prompt": text}) + "\n" for text in recorded)
    dealt = {prompt.text for prompt in PromptSource(tmp_path).deal(COUNT, key=())}
    assert dealt & set(recorded)


def test_a_follow_up_repeats_the_exchanges_before_it_for_a_peer() -> None:
    chats = ChatMessages()
    prompts = PromptSource().deal(COUNT, key=())
    opening = next(prompt for prompt in prompts if not prompt.is_follow_up)
    later = next(prompt for prompt in prompts if prompt.is_follow_up)
    assert len(chats.build(0, opening, 20)) == 1
    assert [message["role"] for message in chats.build(0, later, 20)] == ["user", "assistant", "user"]
    assert len(chats.build(1, later, 20)) == 1


def test_the_table_has_the_role_of_make_run_first() -> None:
    goals = [Goal("64 chats, here", 1.5, 2.0), Goal("64 chats, worker", 3.0, 2.0)]
    head, row = format_role_table(goals)
    assert head.index("worker") < head.index("here")
    assert row.split() == ["64", "chats", "3", "!", "1.5", "<=", "2"]
