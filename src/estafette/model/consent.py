"""Consent to being measured: what a person has said, and the proof of it."""

from __future__ import annotations

from typing import Literal

import msgspec

#: ``unknown`` is whoever was never asked, or never answered; a refusal is a state of its own, not a lack of consent
#: (facts: screens-and-measurement 3.3). ``withdrawn`` is a refusal after a consent.
ConsentState = Literal["unknown", "granted", "denied", "withdrawn"]
#: What somebody may say; nobody says ``unknown``.
ANSWERS: tuple[ConsentState, ...] = ("granted", "denied", "withdrawn")
#: States that end individual measuring in every mode, at once and for mail already sent.
REFUSALS: frozenset[ConsentState] = frozenset({"denied", "withdrawn"})


class ConsentAct(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody said something, as the server wrote it down.

    person: ``tracking.token.person_of``, 12 octets; the address is not kept. number: counts the person's acts from 1,
    0 = not yet written. at: when it was said, unix seconds; recorded: when the server wrote it down. method: how it was
    said, such as ``form`` or ``link``. by: whose act it was, as in the audit. shown: digest of the text that the person
    read, b"" for none.
    """

    tenant: str
    person: bytes
    state: ConsentState
    at: float
    recorded: float = 0.0
    number: int = 0
    method: str = ""
    by: str = ""
    shown: bytes = b""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a person. at: since when. number: how many acts led here."""

    tenant: str
    person: bytes
    state: ConsentState
    at: float
    number: int = 1
