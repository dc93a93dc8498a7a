"""The error of every command that a rule forbids."""


class Refusal(Exception):
    """A command is refused; `code` is put into words by `domain.messages`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
