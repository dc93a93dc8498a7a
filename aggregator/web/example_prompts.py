"""The example prompts of an empty conversation; each was tried with the smallest panel."""

from typing import Final

EXAMPLES: Final = {
    "ko": (
        "한국의 수도는 어디인가요?",
        "도쿄 3박 4일 여행 일정을 짜 줘",
        "면접에서 자기소개를 1분으로 하고 싶어. 예시를 써 줘",
        "파이썬으로 피보나치 수열을 구하는 함수를 만들어 줘",
    ),
    "en": (
        "What is the capital of South Korea?",
        "Plan three days in Tokyo for me",
        "Write a short, polite email asking to move a meeting",
        "Explain recursion in Python with a small example",
    ),
}
