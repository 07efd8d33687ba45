"""Notes of log-ins, taken where it must be quick: what failed, and which credential was used last from where."""

from __future__ import annotations

import hashlib
import re

from estafette.base.clock import Clock
from estafette.model.login import FailedLogin

#: Failures kept between two collections; a flood of guesses must not become a flood of writes.
MOST = 200
#: What we make as secrets; somebody who types one as a user name must not find it in a log.
_SECRET = re.compile(r"(?:e[a-z]{2}_)?[a-z2-7]{32}")
_CONTROL = re.compile(r"[^\x21-\x7e\u00a1-\U0010ffff]")
#: The rule of a refusal -> why, when the door knows it already.
_KNOWN = {"auth_locked": "locked", "auth_expired": "expired", "auth_network": "wrong_network"}


class LoginNotes:
    """Notes of one process, collected every second by whoever stores them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed: list[FailedLogin] = []
        self._used: dict[str, tuple[float, str]] = {}
        self.dropped = 0

    def failed(self, username: str, secret: bytes, client: str, rule: str = "", *, key: bool = False) -> None:
        """Note a failure; of the secret only digests are kept. rule: of the refusal."""
        if len(self._failed) >= MOST:
            self.dropped += 1
            return
        trimmed = secret.strip()
        self._failed.append(
            FailedLogin(
                username=_told(username),
                address=client[:64],
                at=self._clock.now(),
                reason=_KNOWN.get(rule, ""),
                digest=hashlib.sha256(secret).digest() if secret else b"",
                trimmed=hashlib.sha256(trimmed).digest() if trimmed != secret else b"",
                line_break=b"\r" in secret or b"\n" in secret,
                key=key,
            )
        )

    def plaintext(self, username: str, client: str) -> None:
        """Note a log-in that was refused because the line was not encrypted."""
        if len(self._failed) < MOST:
            self._failed.append(
                FailedLogin(
                    username=_told(username), address=client[:64], at=self._clock.now(), reason="plaintext_refused"
                )
            )

    def used(self, credential: str, client: str) -> None:
        """Note that a credential was used now."""
        self._used[credential] = (self._clock.now(), client[:64])

    def collect(self, *, uses: bool = True) -> tuple[list[FailedLogin], dict[str, tuple[float, str]]]:
        """Return and forget the notes: failures, and with ``uses`` credential -> (unix seconds, address)."""
        failed, self._failed = self._failed, []
        used: dict[str, tuple[float, str]] = {}
        if uses:
            used, self._used = self._used, used
        return failed, used


def _told(username: str) -> str:
    return "(a secret)" if _SECRET.search(username) else _CONTROL.sub("\N{REPLACEMENT CHARACTER}", username[:255])
