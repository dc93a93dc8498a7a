"""Django's database sessions with a stricter check of the session key."""

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Treats a key that Django cannot have generated as an expired session."""

    def _validate_session_key(self, key: str | None) -> bool:
        # A quoted cookie may contain NUL, which PostgreSQL rejects in a query.
        return key is not None and len(key) >= 8 and key.isascii() and key.isalnum()
