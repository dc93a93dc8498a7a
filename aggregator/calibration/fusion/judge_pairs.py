"""Words a pair of answers for a judge and reads its verdict; a reply in any other form is no verdict."""

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.crypto import salted_hmac

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.sampling import Sampling
from aggregator.pipeline.fusion.fusion_inputs import neutralise_fences
from aggregator.pipeline.types import Question

PROMPT = Path(__file__).with_name("judge_pair.md")
# Enough for the verdict of a model that first thinks aloud for a sentence or two.
_SAMPLING = Sampling(max_tokens=400, temperature=0.0)
# What each reply says of the first of the two answers.
_SCORES = {"A": 1.0, "B": 0.0, "same": 0.5}
_LOCAL = "local"


@dataclass(frozen=True, slots=True)
class AnswerPair:
    """Two answers to one prompt, in the order in which a judge sees them; `case` is their secret marker."""

    prompt: str
    first: str
    second: str
    case: str

    def swap(self) -> "AnswerPair":
        """Return the pair in the other order."""
        return AnswerPair(self.prompt, self.second, self.first, self.case)


def make_case(*parts: str | int) -> str:
    """Return the marker of a pair, which follows from what it is about and which no answer can know."""
    return salted_hmac("calibration.judge_pairs", "/".join(map(str, parts))).hexdigest()[:8]


def build_judge_question(pair: AnswerPair) -> Question:
    """Return the request for a verdict on a pair.

    It ends with the reply's form and marker: small models copy a form that is only described, and a letter
    that stands in it as an example.
    """
    case = pair.case
    blocks = [
        f"<<<ANSWER {case} {letter}>>>\n{neutralise_fences(text, case)}\n<<<END {case} {letter}>>>"
        for letter, text in (("A", pair.first), ("B", pair.second))
    ]
    form = (
        f'Which answer is better? Reply with {{"case": "{case}", "better": ...}}, where better is "A" or'
        ' "B", or "same" where neither is better.'
    )
    prompt = "\n\n".join([f"The request:\n\n{neutralise_fences(pair.prompt, case)}", *blocks, form])
    return Question(prompt, "en", system_prompt=_read_prompt(), sampling=_SAMPLING)


def constrain_reply(judge: LanguageModel, case: str) -> LanguageModel:
    """Return a judge that can write nothing but a verdict, where its server is ours and holds it to a schema.

    Its own penalties on repeated words are left out, as they would count against the words of a form.
    """
    if judge.provider != _LOCAL:
        return judge
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"case": {"const": case}, "better": {"enum": list(_SCORES)}},
        "required": ["case", "better"],
    }
    form = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": schema}}
    return replace(judge, extra={"response_format": form})


def read_verdict(reply: str, case: str) -> float | None:
    """Return 1 where the first answer is better, 0 where the second is, 0.5 for neither, None for no verdict.

    A reply without the marker may be an instruction that an answer contained.
    """
    start, end = reply.find("{"), reply.rfind("}")
    try:
        document = json.loads(reply[start : end + 1]) if start >= 0 else None
    except ValueError:
        return None
    if not isinstance(document, dict) or document.get("case") != case:
        return None
    better = document.get("better")
    return _SCORES.get(better) if isinstance(better, str) else None


@cache
def _read_prompt() -> str:
    return PROMPT.read_text(encoding="utf-8")
