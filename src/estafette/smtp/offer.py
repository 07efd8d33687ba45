"""What a peer offers in its answer to EHLO (RFC 5321 section 4.1.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Offer(msgspec.Struct, frozen=True):
    """Extensions of one peer. size: its limit in octets, 0 = none known. auth: mechanisms, upper case."""

    pipelining: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    dsn: bool = False
    starttls: bool = False
    size_offered: bool = False
    size: int = 0
    auth: frozenset[str] = frozenset()


def read_offer(lines: Sequence[bytes]) -> Offer:
    """Read the lines of an EHLO reply; the first is the greeting, unknown words are passed over."""
    words: dict[str, list[str]] = {}
    for line in lines[1:]:
        # "AUTH=LOGIN" is how servers before RFC 2554 wrote it; they still exist behind old smarthosts.
        parts = line.decode("ascii", "replace").upper().replace("AUTH=", "AUTH ").split()
        if parts:
            words.setdefault(parts[0], []).extend(parts[1:])
    limit = words.get("SIZE", [])
    return Offer(
        pipelining="PIPELINING" in words,
        eight_bit="8BITMIME" in words,
        smtputf8="SMTPUTF8" in words,
        dsn="DSN" in words,
        starttls="STARTTLS" in words,
        size_offered="SIZE" in words,
        size=int(limit[0]) if limit and limit[0].isascii() and limit[0].isdigit() and len(limit[0]) < 20 else 0,
        auth=frozenset(words.get("AUTH", ())),
    )
