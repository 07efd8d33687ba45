"""What a webhook proves itself with, as it rests under the keyring."""

from __future__ import annotations

import base64
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from estafette.base.seal import Keyring
from estafette.store.interface.webhooks import KEYS_PURPOSE


class Key(msgspec.Struct, frozen=True):
    """A secret that calls are signed with. until: unix seconds of its end, None for the newest."""

    secret: str
    until: float | None = None


class Keys(msgspec.Struct, frozen=True):
    """Secrets, newest first, and what calls carry as ``Authorization``, "" for nothing."""

    keys: tuple[Key, ...]
    authorization: str = ""

    def good(self, now: float) -> list[str]:
        """Return the secrets that sign at a moment."""
        return [key.secret for key in self.keys if key.until is None or key.until > now]


def seal(keyring: Keyring, webhook: str, keys: Keys) -> bytes:
    """Return the resting form, bound to the webhook."""
    return keyring.seal(KEYS_PURPOSE, msgspec.json.encode(keys), webhook.encode())


def opened(keyring: Keyring, webhook: str, sealed: bytes) -> Keys:
    """Return what ``seal`` was given; SealBroken."""
    return msgspec.json.decode(keyring.open(KEYS_PURPOSE, sealed, webhook.encode()), type=Keys)


def apart(url: str) -> tuple[str, str]:
    """Return an address without user and password, and these as ``Authorization`` (RFC 7617), "" for none.

    What cannot be read stays as it is, for whoever checks it.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, ""
    if "@" not in parts.netloc:
        return url, ""
    user, _, host = parts.netloc.rpartition("@")
    pair = base64.b64encode(unquote(user).encode()).decode()
    return urlunsplit(parts._replace(netloc=host)), f"Basic {pair}"
