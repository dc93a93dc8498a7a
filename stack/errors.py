"""The one exception of the embedded stack."""


class StackError(Exception):
    """The stack cannot start; the message is one line with the cause and a remedy."""
