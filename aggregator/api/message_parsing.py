"""Parses the messages of a request into a system prompt, past exchanges and the prompt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from aggregator.api.errors import ApiError, invalid_field, unknown_field

MAX_TRANSCRIPT_CHARS = 1_000_000
TEXT_PART_TYPES = {"text", "input_text", "output_text"}
INSTRUCTION_ROLES = ("system", "developer")
# The fields of a message and of a part of its content, with the values that they may have; () is any value.
MESSAGE_FIELDS: dict[str, tuple[object, ...]] = {
    "role": (),
    "content": (),
    "annotations": (None, []),
    "audio": (None,),
    "function_call": (None,),
    "name": (None, ""),
    "refusal": (None, ""),
    "tool_calls": (None, []),
}
PART_FIELDS: dict[str, tuple[object, ...]] = {
    "type": (),
    "text": (),
    "cache_control": (),
    "prompt_cache_breakpoint": (),
    "annotations": (None, []),
    "citations": (None, []),
    "logprobs": (None, []),
}
OPENING_MESSAGE_PREFIX = "You opened the conversation with these words:"


@dataclass(frozen=True, slots=True)
class Transcript:
    """The conversation of a request; `history` holds (prompt, answer) pairs."""

    prompt: str
    history: tuple[tuple[str, str], ...] = ()
    system_prompt: str = ""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message with its content parts joined."""

    role: str
    text: str


def parse_messages(messages: object, roles: Sequence[str], system_prompt: str = "") -> Transcript:
    """Return the transcript of a list of messages with these roles; raises ApiError."""
    if not isinstance(messages, list) or not messages:
        raise invalid_field("messages", _("messages에 메시지를 하나 이상 넣어 주세요."))
    lines = [_parse_message(message, f"messages[{place}]", roles) for place, message in enumerate(messages)]
    if sum(len(line.text) for line in lines) > MAX_TRANSCRIPT_CHARS:
        raise _too_long()
    lines = _promote_last_instruction(lines)
    instructions = [system_prompt, *(line.text for line in lines if line.role in INSTRUCTION_ROLES)]
    dialogue = _merge_consecutive_roles(line for line in lines if line.role not in INSTRUCTION_ROLES)
    if not dialogue or dialogue[-1].role != "user":
        raise invalid_field("messages", _("마지막 메시지는 user의 것이어야 해요."))
    if dialogue[0].role == "assistant":
        instructions.append(f"{OPENING_MESSAGE_PREFIX}\n{dialogue.pop(0).text}")
    prompt = dialogue.pop().text
    if not prompt.strip():
        raise invalid_field("messages", _("마지막 user 메시지가 비어 있어요."))
    if len(prompt) > settings.PROMPT_LIMIT:
        raise _too_long()
    history = tuple(
        (user.text, assistant.text) for user, assistant in zip(dialogue[::2], dialogue[1::2], strict=True)
    )
    return Transcript(
        prompt, history, "\n\n".join(instruction for instruction in instructions if instruction)
    )


def _promote_last_instruction(lines: list[ChatMessage]) -> list[ChatMessage]:
    """Make the last instruction the prompt where no user speaks, or none after the last answer."""
    spoken = [line.role for line in lines if line.role not in INSTRUCTION_ROLES]
    last = lines[-1]
    if last.role not in INSTRUCTION_ROLES or spoken[-1:] == ["user"]:
        return lines
    return [*lines[:-1], ChatMessage("user", last.text)]


def _too_long() -> ApiError:
    message = _("메시지가 너무 길어요. 마지막 질문은 %(limit)d자까지 돼요.")
    return invalid_field("messages", message % {"limit": settings.PROMPT_LIMIT}, "context_length_exceeded")


def _parse_message(message: object, path: str, roles: Sequence[str]) -> ChatMessage:
    if not isinstance(message, dict):
        raise invalid_field(path, _("메시지는 객체여야 해요."), "invalid_type")
    role = message.get("role")
    if role not in roles:
        allowed = ", ".join(roles)
        raise invalid_field(
            f"{path}.role", _("role은 %(allowed)s 가운데 하나여야 해요.") % {"allowed": allowed}
        )
    _check_fields(message, path, MESSAGE_FIELDS)
    return ChatMessage(str(role), parse_content(message.get("content"), f"{path}.content"))


def _check_fields(row: Mapping[str, Any], path: str, fields: Mapping[str, tuple[object, ...]]) -> None:
    for name, value in row.items():
        if name not in fields:
            raise unknown_field(f"{path}.{name}")
        if fields[name] and value not in fields[name]:
            message = _("%(name)s은(는) 아직 쓸 수 없어요. 빼고 보내 주세요.") % {"name": name}
            raise invalid_field(f"{path}.{name}", message, "unsupported_parameter")


def parse_content(content: object, path: str) -> str:
    """Return the text of a message's content, which is a string or a list of parts; raises ApiError."""
    if isinstance(content, str):
        return content.replace("\x00", "")
    if not isinstance(content, list) or not content:
        raise invalid_field(path, _("content는 글이거나 글 조각의 목록이어야 해요."), "invalid_type")
    return "\n".join(_parse_part(part, f"{path}[{place}]") for place, part in enumerate(content))


def _parse_part(part: object, path: str) -> str:
    part = part if isinstance(part, dict) else {}
    kind, text = part.get("type"), part.get("text")
    if not isinstance(kind, str) or kind not in TEXT_PART_TYPES:
        message = _("아직 글만 읽을 수 있어요. 그림, 소리, 파일은 빼 주세요.")
        raise invalid_field(path, message, "unsupported_content")
    if not isinstance(text, str):
        raise invalid_field(f"{path}.text", _("text는 글이어야 해요."), "invalid_type")
    _check_fields(part, path, PART_FIELDS)
    return text.replace("\x00", "")


def _merge_consecutive_roles(lines: Iterable[ChatMessage]) -> list[ChatMessage]:
    joined: list[ChatMessage] = []
    for line in lines:
        if joined and joined[-1].role == line.role:
            joined[-1] = ChatMessage(line.role, f"{joined[-1].text}\n\n{line.text}")
        else:
            joined.append(line)
    return joined
