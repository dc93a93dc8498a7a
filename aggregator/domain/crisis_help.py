"""The help lines shown to a person in a crisis."""

from typing import Final

CRISIS_HELP: Final = {
    "ko": (
        "많이 힘드셨겠어요. 지금 이렇게 말해 줘서 고마워요.\n\n"
        "혼자 견디지 않아도 돼요. **지금 바로 사람과 이야기할 수 있어요.** "
        "모두 24시간 열려 있고, 상담은 무료예요.\n\n"
        "- **자살예방 상담전화 109** (전화·문자)\n"
        "- 정신건강 위기상담 **1577-0199**\n"
        "- 청소년 상담 **1388** (전화·문자·카카오톡 ‘청소년상담1388’)\n"
        "- 당장 위험하다면 **119** 또는 **112**\n\n"
        "곁에 믿을 만한 사람이 있다면 지금 그 사람에게 연락해서 함께 있어 달라고 말해 보세요. "
        "위험한 물건이 가까이 있다면 잠시 그곳을 벗어나 주세요.\n\n"
        "어떤 일이 있었는지 더 이야기하고 싶다면 여기서 계속 들을게요. "
        "다만 저는 AI라서 위의 상담원을 대신하지는 못해요."
    ),
    "en": (
        "I'm really glad you said this. It sounds like you are carrying a lot.\n\n"
        "You don't have to get through this moment alone. "
        "**You can talk to a person right now**, day and night; talking to them costs nothing:\n\n"
        "- In Korea: **109** (suicide prevention line, call or text), **1577-0199** (mental health crisis)\n"
        "- In the US and Canada: **988** (call or text); in the UK and Ireland: **116 123**\n"
        "- Elsewhere: [findahelpline.com](https://findahelpline.com) lists lines by country\n"
        "- In immediate danger: **119** or **112** in Korea, or your local emergency number\n\n"
        "If someone you trust is near, reach out and ask them to stay with you. "
        "If something that could hurt you is within reach, please step away from it for now.\n\n"
        "I'm here to keep listening if you want to say more, "
        "but I am an AI and no replacement for the people above."
    ),
}


def crisis_help_text(language: str) -> str:
    """Return the help lines in Korean, or in English for every other language."""
    return CRISIS_HELP["ko" if language == "ko" else "en"]
