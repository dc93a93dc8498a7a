"""Sessions as Django keeps them in the database, under keys such as it makes."""

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Takes any other key for that of a session which has ended."""

    def _validate_session_key(self, key: str | None) -> bool:
        # A quoted cookie can hold any character, NUL among them, which no query takes.
        return key is not None and len(key) >= 8 and key.isascii() and key.isalnum()
