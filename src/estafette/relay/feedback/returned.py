"""What the ``mx`` listener kept, and who may read it: the list of readers, asked in turn, and what they answer.

Whoever reads a new sort of returned mail writes a ``Reader`` and stands in the list of ``runtime/returns.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from estafette.model.address import Address
from estafette.model.event import Event
from estafette.store.interface.spool import Notice

#: Says whether an address is one of its own: such mail is taken at RCPT, and kept until it is read.
Door = Callable[[Address], bool]


class Returned(msgspec.Struct, frozen=True):
    """One message that was kept, hostile from its first octet to its last.

    id: of this message, the key of whatever is written because of it. at: when it came, unix seconds. sender: envelope
    sender, "" null. to: envelope recipients, in lower case where they are ours; () when an earlier release kept it.
    source: address of the client. body: the whole message, CRLF lines, our Received field first.
    paths: (message, number) of each return path of ours it came to, their MACs verified; number 0 = the whole message.
    inbound: it came in by the ``route`` of a ``tenant``, not back to us. handed: the company's own server has it, and
    ``body`` is its header alone. size: octets of the whole message.
    """

    id: int
    at: float
    sender: str
    to: tuple[str, ...]
    source: str
    body: bytes
    paths: tuple[tuple[int, int], ...] = ()
    inbound: bool = False
    tenant: str = ""
    route: str = ""
    handed: bool = False
    size: int = 0

    @property
    def locals(self) -> frozenset[str]:
        """Local parts it came to, in lower case: ``abuse``, ``postmaster``, a token."""
        return frozenset(address.rpartition("@")[0].lower() for address in self.to)


class Taken(msgspec.Struct, frozen=True):
    """A reader's answer: it was mine, and this came of it.

    what: machine name of what it was, such as ``bounce``, ``complaint``; counted. events: written to the log in the
    commit that marks the message as read, so once. notices: what senders are to be told, in the same commit, while
    their message is still kept. keep: seconds the message is kept from now; None = as long as unread mail.
    """

    what: str
    events: tuple[Event, ...] = ()
    notices: tuple[Notice, ...] = ()
    keep: float | None = None


class Early(msgspec.Struct, frozen=True):
    """A reader's answer: it is mine, but seems to be faster than the commit that it is about; ask me again.

    otherwise: what came of it when the desk has waited long enough.
    """

    otherwise: Taken


class Reader(Protocol):
    """Reads one sort of returned mail."""

    async def take(self, returned: Returned) -> Taken | Early | None:
        """Act on a message and say what came of it; None = not mine, ask the next.

        It may be asked again for the same message after a crash: what it writes itself is keyed by ``returned.id``.
        StoreFault: the store or database cannot be reached; all of it is tried again later. Any other error files the
        message as unreadable.
        """
        ...
