"""The messages that a chat completions endpoint gets: a follow-up repeats the exchanges before it."""

from bench.turns.prompts.source import Prompt
from testing.provider.timestamps import WORDS

Message = dict[str, str]


class ChatMessages:
    """The exchanges of each chat of one unit; only our site stores conversations itself."""

    def __init__(self) -> None:
        self._exchanges: dict[int, list[Message]] = {}

    def build(self, chat: int, prompt: Prompt, tokens: int) -> list[Message]:
        """Return the messages of a turn, whose answer will have `tokens` tokens."""
        earlier = self._exchanges.get(chat, []) if prompt.is_follow_up else []
        messages = [*earlier, {"role": "user", "content": prompt.text}]
        answer = " ".join(WORDS[number % len(WORDS)] for number in range(tokens))
        self._exchanges[chat] = [*messages, {"role": "assistant", "content": answer}]
        return messages
