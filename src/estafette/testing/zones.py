"""A DNS server for names that are wrong on purpose.

SERVFAIL, no answer, lame. Correct zones belong to a real server.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import msgspec


class ServerFailure(msgspec.Struct, frozen=True):
    """The name gets SERVFAIL (RFC 1035 section 4.1.1, RCODE 2)."""


class Mute(msgspec.Struct, frozen=True):
    """Questions for the name are never answered."""


class Lame(msgspec.Struct, frozen=True):
    """The name gets REFUSED, as from a server that does not know the zone it was delegated."""


Entry = Mapping[str, tuple[str, ...]] | ServerFailure | Mute | Lame


class FakeZones:
    """Answers UDP questions from ``zones``: name without final dot -> {type: values} or one of the faults.

    Names not listed do not exist (NXDOMAIN); listed names without the type asked for have no data. ``asked``
    keeps
    (name, type) of every question.
    """

    def __init__(self, zones: Mapping[str, Entry], address: str = "127.0.0.1", port: int = 0) -> None:
        self.zones = dict(zones)
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self.at: tuple[str, int] = self._socket.getsockname()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def answer(self, question: dns.message.Message) -> dns.message.Message | None:
        """Return the response to a question, None to keep silent."""
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        response = dns.message.make_response(question, recursion_available=True)
        entry = self.zones.get(name)
        if isinstance(entry, Mute):
            return None
        if isinstance(entry, ServerFailure | Lame):
            response.set_rcode(dns.rcode.SERVFAIL if isinstance(entry, ServerFailure) else dns.rcode.REFUSED)
        elif entry is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif values := entry.get(kind, entry.get("CNAME", ())):
            found = kind if kind in entry else "CNAME"
            response.answer.append(dns.rrset.from_text(asked.name, 1, dns.rdataclass.IN, found, *values))
        return response

    def _serve(self) -> None:
        while True:
            try:
                packet, peer = self._socket.recvfrom(4096)
            except OSError:
                return
            if packet == b"":
                return
            response = self.answer(dns.message.from_wire(packet))
            if response is not None:
                self._socket.sendto(response.to_wire(), peer)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", self.at)
        self._thread.join(5)
        self._socket.close()
