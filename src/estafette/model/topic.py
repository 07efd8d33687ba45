"""A topic: what a part of a stream's mail is about, which a recipient may have or not."""

from __future__ import annotations

import re

import msgspec

#: Octets of ``scope``: a stream's name, a stroke and a topic's name.
SCOPE_LENGTH = 64
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
_STROKE = "/"


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic of a tenant's stream. title: as recipients read it; french: the same for those who read French.

    created: unix seconds; topics are shown in this order. version: grows with every change.
    """

    tenant: str
    stream: str
    name: str
    title: str
    french: str = ""
    created: float = 0.0
    version: int = 0


def scope(stream: str, topic: str = "") -> str:
    """Return what an entry of the suppression list names as its stream: the stream, or one topic of it."""
    return f"{stream}{_STROKE}{topic}" if topic else stream


def split(scoped: str) -> tuple[str, str]:
    """Return (stream, topic) of a ``scope``; names of streams and topics hold no stroke."""
    stream, _, topic = scoped.partition(_STROKE)
    return stream, topic


def is_name(text: str) -> bool:
    """Whether a text may name a topic: 1 to 48 lower-case letters, digits and hyphens."""
    return _NAME.fullmatch(text) is not None
