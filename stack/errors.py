"""StackError is all that the embedded stack raises: one line that says what is wrong and what to do."""


class StackError(Exception):
    """The stack cannot start; the message is one line for the person who started it."""
