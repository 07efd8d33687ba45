"""The erasure of a person: one tombstone takes the place of an address, wherever the log quotes it."""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from typing import Any
from urllib.parse import quote

import msgspec

from estafette.model.event import Event

#: Domain of every tombstone (RFC 2606, section 2): nobody can ever have such an address.
DOMAIN = "erased.invalid"


class Erasure(msgspec.Struct, frozen=True, array_like=True, dict=True):
    """Who is erased from a tenant's data. address: in its comparable form. tombstone: what stands there from now on."""

    tenant: str
    address: str
    tombstone: str

    @cached_property
    def _spelled(self) -> re.Pattern[str]:
        """Match the address as it is written, as VERP writes it (``ann=b.c``), and as a query does."""
        ways = (self.address, self.address.replace("@", "="), quote(self.address))
        return re.compile("|".join(re.escape(way) for way in dict.fromkeys(ways)), re.IGNORECASE)

    def quoted(self, octets: bytes) -> bool:
        """Whether stored octets name the person."""
        return self._spelled.search(octets.decode("utf-8", "replace")) is not None

    def text(self, text: str) -> str:
        """Return a text with the tombstone in place of the address."""
        return self._spelled.sub(self.tombstone, text)

    def anything(self, value: Any) -> Any:
        """Return plain data with the tombstone in place of the address, in keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.anything(each) for each in value]
        if isinstance(value, dict):
            return {self.text(key): self.anything(each) for key, each in value.items()}
        return value

    def event(self, event: Event) -> Event:
        """Return an event without the person."""
        return msgspec.convert(self.anything(msgspec.to_builtins(event)), Event)


class Erased(msgspec.Struct, frozen=True, array_like=True):
    """What an erasure came to in the store.

    events: of the log that were rewritten. cancelled: recipients that waited. contents: messages removed, because they
    were for nobody else, or came back. kept: messages that were for others too, which stay until ``kept_until`` (unix
    seconds, 0 while some of it waits still). hits: raw hits removed.
    """

    events: int = 0
    cancelled: int = 0
    contents: int = 0
    kept: int = 0
    kept_until: float = 0.0
    hits: int = 0


def digest(salt: bytes, tenant: str, address: str) -> bytes:
    """Return what tells for a while that somebody was erased, when an event of theirs is committed late."""
    return hashlib.sha256(salt + f"{tenant}\0{address.lower()}".encode("utf-8", "surrogatepass")).digest()
