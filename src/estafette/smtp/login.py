"""Logging in at a smarthost: SASL PLAIN (RFC 4616) and LOGIN, the client's side."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection

import msgspec


class Login(msgspec.Struct, frozen=True):
    """User and password; never printed."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Keep the password out of logs and tracebacks."""
        return f"Login(user={self.user!r})"

    def start(self, mechanisms: Collection[str]) -> tuple[str, list[str]]:
        """Return the AUTH line and the answers to the challenges that follow; ``("", [])`` for no common mechanism."""
        if "PLAIN" in mechanisms:
            response = _encode(f"\0{self.user}\0{self.password}")
            # A server that knows no initial response asks once more (RFC 4954 section 4).
            return f"AUTH PLAIN {response}", [response]
        if "LOGIN" in mechanisms:
            return "AUTH LOGIN", [_encode(self.user), _encode(self.password)]
        return "", []


def _encode(text: str) -> str:
    return b64encode(text.encode()).decode()
