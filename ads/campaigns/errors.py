"""The error of a change that an advertiser may not make; portal forms show its message beside its field."""


class InvalidChangeError(Exception):
    """A change that is not allowed, with a message for the user and the form field to correct."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field
