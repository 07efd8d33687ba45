"""Signatures of webhooks (Standard Webhooks 1.0, https://www.standardwebhooks.com, "Signature scheme").

Signed is ``ID.TIMESTAMP.BODY`` with HMAC-SHA256; the secret is ``whsec_`` and base64. While a secret is being replaced
every call carries one signature for each, so that a receiver may change over when it likes.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterable
from functools import lru_cache

PREFIX = "whsec_"
#: Octets of a secret; the standard wants 24 to 64.
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a secret that nobody has."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(call: str, at: int, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """Return the fields that prove where a call comes from. at: unix seconds of the attempt."""
    signed = f"{call}.{at}.".encode() + body
    return {
        "webhook-id": call,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{_mac(key, signed)}" for key in keys),
    }


def _mac(key: str, signed: bytes) -> str:
    # The one-shot function would let go of the interpreter lock for microseconds, and wait long to have it back.
    tag = _begun(key).copy()
    tag.update(signed)
    return base64.b64encode(tag.digest()).decode()


@lru_cache(maxsize=1024)
def _begun(key: str) -> hmac.HMAC:
    return hmac.new(base64.b64decode(key.removeprefix(PREFIX)), digestmod="sha256")
