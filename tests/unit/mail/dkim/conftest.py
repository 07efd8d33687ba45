"""dkimpy as the verifier; the curve of Ed25519, which it takes from PyNaCl, comes from cryptography here."""

import base64
from types import SimpleNamespace

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from estafette.mail.dkim.keys import generate_ed25519, generate_rsa, public_record
from estafette.model.domain import SigningKey


class VerifyKey:
    def __init__(self, key, encoder):  # noqa: ARG002 - as PyNaCl calls it
        self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(key))

    def verify(self, data, signature):
        self._key.verify(signature, data)


NACL = SimpleNamespace(
    signing=SimpleNamespace(VerifyKey=VerifyKey),
    encoding=SimpleNamespace(Base64Encoder=None),
    exceptions=SimpleNamespace(BadSignatureError=InvalidSignature),
)


@pytest.fixture(scope="session")
def keys():
    def key(kind, domain, private):
        return SigningKey(tenant="t", domain=domain, selector=f"s-{kind}", kind=kind, stage="active", private=private)

    return {
        "rsa": key("rsa", "a.example", generate_rsa()),
        "ed25519": key("ed25519", "a.example", generate_ed25519()),
        "service": key("rsa", "service.example", generate_rsa()),
    }


@pytest.fixture(scope="session")
def verified(keys):
    """Return for each signature of a message, topmost first, whether dkimpy takes it."""
    zone = {f"{key.selector}._domainkey.{key.domain}.": public_record(key.private) for key in keys.values()}

    def look_up(name, timeout):
        return zone[name.decode()].encode()

    def one(message, index):
        try:
            return dkim.DKIM(message).verify(index, dnsfunc=look_up)
        except dkim.ValidationError:
            return False

    def check(message):
        patch = pytest.MonkeyPatch()
        patch.setattr(dkim, "nacl", NACL, raising=False)
        try:
            return [one(message, index) for index in range(message.count(b"DKIM-Signature:"))]
        finally:
            patch.undo()

    return check
