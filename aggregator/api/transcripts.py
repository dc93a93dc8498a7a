"""The messages of a call into what a turn needs: a system prompt, exchanges that were, and the prompt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from aggregator.api.refusals import ApiRefusal, bad_field

GIVEN_LIMIT = 1_000_000
TEXT_PARTS = {"text", "input_text", "output_text"}
OPENED_WITH = "You opened the conversation with these words:"


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation as a program gives it, its last prompt still to be answered."""

    prompt: str
    history: tuple[tuple[str, str], ...] = ()
    system_prompt: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One message, its parts joined."""

    role: str
    text: str


def read_transcript(messages: object, roles: Sequence[str], system_prompt: str = "") -> Transcript:
    """Return the transcript of a list of messages in these roles; raises ApiRefusal."""
    if not isinstance(messages, list) or not messages:
        raise bad_field("messages", _("messages에 메시지를 하나 이상 넣어 주세요."))
    lines = [_read_line(message, f"messages[{place}]", roles) for place, message in enumerate(messages)]
    if sum(len(line.text) for line in lines) > GIVEN_LIMIT:
        raise _too_long()
    orders = [system_prompt, *(line.text for line in lines if line.role in {"system", "developer"})]
    spoken = _join_neighbours(line for line in lines if line.role in {"user", "assistant"})
    if not spoken or spoken[-1].role != "user":
        raise bad_field("messages", _("마지막 메시지는 user의 것이어야 해요."))
    if spoken[0].role == "assistant":
        orders.append(f"{OPENED_WITH}\n{spoken.pop(0).text}")
    prompt = spoken.pop().text
    if not prompt.strip():
        raise bad_field("messages", _("마지막 user 메시지가 비어 있어요."))
    if len(prompt) > settings.PROMPT_LIMIT:
        raise _too_long()
    history = tuple((asked.text, told.text) for asked, told in zip(spoken[::2], spoken[1::2], strict=True))
    return Transcript(prompt, history, "\n\n".join(order for order in orders if order))


def _too_long() -> ApiRefusal:
    message = _("메시지가 너무 길어요. 마지막 질문은 %(limit)d자까지 돼요.")
    return bad_field("messages", message % {"limit": settings.PROMPT_LIMIT}, "context_length_exceeded")


def _read_line(message: object, where: str, roles: Sequence[str]) -> Line:
    if not isinstance(message, dict):
        raise bad_field(where, _("메시지는 객체여야 해요."), "invalid_type")
    role = message.get("role")
    if role not in roles:
        allowed = ", ".join(roles)
        raise bad_field(f"{where}.role", _("role은 %(allowed)s 가운데 하나여야 해요.") % {"allowed": allowed})
    return Line(str(role), read_text(message.get("content"), f"{where}.content"))


def read_text(content: object, where: str) -> str:
    """Return the text of a message's content, whether one string or parts; raises ApiRefusal."""
    if isinstance(content, str):
        return content.replace("\x00", "")
    if not isinstance(content, list) or not content:
        raise bad_field(where, _("content는 글이거나 글 조각의 목록이어야 해요."), "invalid_type")
    return "\n".join(_read_part(part, f"{where}[{place}]") for place, part in enumerate(content))


def _read_part(part: object, where: str) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    text = part.get("text") if isinstance(part, dict) else None
    if not isinstance(kind, str) or kind not in TEXT_PARTS:
        message = _("아직 글만 읽을 수 있어요. 그림, 소리, 파일은 빼 주세요.")
        raise bad_field(where, message, "unsupported_content")
    if not isinstance(text, str):
        raise bad_field(f"{where}.text", _("text는 글이어야 해요."), "invalid_type")
    return text.replace("\x00", "")


def _join_neighbours(lines: Iterable[Line]) -> list[Line]:
    joined: list[Line] = []
    for line in lines:
        if joined and joined[-1].role == line.role:
            joined[-1] = Line(line.role, f"{joined[-1].text}\n\n{line.text}")
        else:
            joined.append(line)
    return joined
