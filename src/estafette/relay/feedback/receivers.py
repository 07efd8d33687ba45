"""Reports from receivers that came by mail: read, and kept for whoever has the domain they are about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from estafette.mail.excerpt import printable
from estafette.mail.receivers.fault import Unreadable
from estafette.mail.receivers.reader import read
from estafette.model.address import Address
from estafette.model.report import ROLES
from estafette.relay.feedback.returned import Returned, Taken
from estafette.tenancy import reports
from estafette.tenancy.office import Office

#: Seconds that such mail is kept: what it said is kept apart, what was refused is there to be looked at.
KEEP = 7 * 86_400.0
#: Machine names of what became of a report, the first that applies to one with several domains.
_BECAME = {
    "new": "report",
    "known": "report_again",
    "beyond_limit": "report_beyond_limit",
    "out_of_time": "report_out_of_time",
    "foreign": "report_of_nobody",
}

#: Returns whose domain it is (a tenant's id, "" = the service's own), None for one that we do not serve.
Owner = Callable[[str], str | None]


def is_report_address(address: Address, owner: Owner) -> bool:
    """Whether an address is one to which receivers report: the ``Door`` of this room."""
    return address.local.lower() in ROLES and owner(address.domain.lower()) is not None


class ReceiverReader:
    """A ``Reader``: takes all that came to the addresses for reports. sources: addresses that we send from.

    Which address it came to proves nothing, and neither does who sent it: what counts is the domain that the report is
    about, and that it is served here.
    """

    def __init__(self, *, office: Office, owner: Owner, sources: Collection[str]) -> None:
        self._office = office
        self._owner = owner
        self._sources = frozenset(sources)

    async def take(self, returned: Returned) -> Taken | None:
        """See ``Reader``. A report that came again is known by its id, so that asking twice changes nothing."""
        return await asyncio.to_thread(self._take, returned) if self.concerns(returned) else None

    def concerns(self, returned: Returned) -> bool:
        """Whether a message is for this reader, which may spend seconds on it: an archive of 20 KiB can hold 24 MiB."""
        return any(self._ours(address) for address in returned.to)

    def _ours(self, address: str) -> bool:
        local, _, domain = address.lower().rpartition("@")
        return local in ROLES and self._owner(domain) is not None

    def _take(self, returned: Returned) -> Taken:
        try:
            found = read(returned.body)
        except Unreadable as unreadable:
            return Taken(f"report_{unreadable.why}", keep=KEEP)
        if found is None:
            return Taken("report_nothing", keep=KEEP)
        sender = printable(returned.sender)[:320]
        kept = reports.keep(self._office, found, sources=self._sources, origin="mail", sender=sender)
        states = {str(each["state"]) for each in kept}
        return Taken(next(what for state, what in _BECAME.items() if state in states), keep=KEEP)
