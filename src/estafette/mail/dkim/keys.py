"""DKIM keys: how they are made, and the TXT record that publishes them (RFC 6376 section 3.6.1, RFC 8463)."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

RSA_BITS = 2048


def generate_rsa() -> bytes:
    """Return a fresh RSA-2048 key as PKCS#8 DER (RFC 8301 section 3.2 wants at least 2048 bits)."""
    return _der(generate_private_key(public_exponent=65537, key_size=RSA_BITS))


def generate_ed25519() -> bytes:
    """Return a fresh Ed25519 key as PKCS#8 DER."""
    return _der(Ed25519PrivateKey.generate())


def public_record(private: bytes) -> str:
    """Return the TXT value that publishes the public half of a PKCS#8 DER key; one string, however long.

    ValueError when the key is neither RSA nor Ed25519. RSA is published as SubjectPublicKeyInfo, Ed25519 as
    its 32 raw octets (RFC 8463 section 4.2).
    """
    key = load_der_private_key(private, None)
    if isinstance(key, Ed25519PrivateKey):
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"
    if isinstance(key, RSAPrivateKey):
        spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(spki).decode()}"
    raise ValueError("a DKIM key is RSA or Ed25519")


def _der(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
