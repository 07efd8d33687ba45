"""Reports that mail was not wanted become one ``complained`` event for each copy, however often they come."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec

from estafette.base.ids import Mint
from estafette.mail import arf
from estafette.mail.arf import FeedbackReport
from estafette.model.complaint import UNKNOWN, Complaint
from estafette.model.event import Event
from estafette.relay.feedback.apart import apart
from estafette.relay.feedback.attribution import Path, Proof, attribute
from estafette.relay.feedback.journeys import Journeys
from estafette.relay.feedback.returned import Returned, Taken
from estafette.store.interface.records import Stale
from estafette.tenancy import suppressions
from estafette.tenancy.office import NotFound, Office

REASON = "complained"
#: Seconds that a report is kept once its event is written: for whoever doubts it.
EVIDENCE = 7 * 86_400.0
#: Messages without any of these words are no report, and are not taken apart.
_LIKELY = (b"feedback-report", b"x-hmxmroriginalrecipient", b"complaint about message from")
_ARRIVED = frozenset({"delivered", "sent"})


class _Copy(NamedTuple):
    """The copy that a report is about, as the log knows it; ``queued`` None: not any more. site: where it went."""

    message: int
    number: int
    tenant: str
    stream: str
    queued: Event | None
    site: str


class ComplaintReader:
    """A ``Reader``. office: in whose name entries are written. path: see ``attribution.Path``; domain: of those."""

    def __init__(self, *, office: Office, journeys: Journeys, mint: Mint, path: Path, domain: str) -> None:
        self._office = office
        self._journeys = journeys
        self._mint = mint
        self._path = path
        self._domain = domain.lower()

    async def take(self, returned: Returned) -> Taken | None:
        """See ``Reader``."""
        beginning = returned.body[: arf.LOOKED].lower()
        if not any(word in beginning for word in _LIKELY):
            return None
        report = await apart(returned.body, arf.read)
        if report is None:
            return None
        proof = attribute(report.paths, report.tokens, self._office.keyring, self._path)
        if proof is None and returned.paths:
            proof = Proof(*returned.paths[0], "path")
        if proof is None:
            return self._filed(
                "not_ours_forged" if self._claims_ours(report) else "not_ours_complaint", returned, report
            )
        if report.effect != "complaint":
            return self._filed(f"report_{report.effect}", returned, report)
        copy = await self._copy(proof)
        kept = await asyncio.to_thread(self._noted, copy, returned, report) if copy.tenant else None
        if kept is None:
            return self._filed("complaint_too_late", returned, report)
        if kept.report != returned.id:
            return Taken("complaint_again", keep=EVIDENCE)
        if copy.queued is None and proof.person:
            await asyncio.to_thread(self._suppress, copy, proof.person)
        return Taken("complaint", (_event(kept, copy),), keep=EVIDENCE)

    def _claims_ours(self, report: FeedbackReport) -> bool:
        return any(path.rpartition("@")[2].lower() == self._domain for path in report.paths)

    def _filed(self, what: str, returned: Returned, report: FeedbackReport) -> Taken:
        """Count a report of which nothing follows, and write down that it came."""
        event = Event(
            id=self._mint.next(), at=returned.at, kind="unknown", tenant="", stream="", message=returned.id,
            source=report.programme or returned.source, reason=what,
        )  # fmt: skip
        return Taken(what, (event,))

    async def _copy(self, proof: Proof) -> _Copy:
        message, number = proof.message, proof.number
        await self._journeys.also([(message, number)])
        if not number:
            numbers = self._journeys.recipients(message)
            number = numbers[0] if len(numbers) == 1 else 0
            queued = self._journeys.queued((message, numbers[0])) if numbers else None
        else:
            queued = self._journeys.queued((message, number))
        if queued is None:
            return _Copy(message, number, proof.tenant, proof.stream, None, "")
        arrived = [event.site for event in self._journeys.of((message, number)) if event.kind in _ARRIVED]
        return _Copy(message, number, queued.tenant, queued.stream, queued, arrived[-1] if arrived else "")

    def _noted(self, copy: _Copy, returned: Returned, report: FeedbackReport) -> Complaint | None:
        """Return the complaint as it is kept; None when its tenant is gone."""
        complaint = Complaint(
            message=copy.message, number=copy.number, tenant=copy.tenant, stream=copy.stream, event=self._mint.next(),
            report=returned.id, at=returned.at, seen=returned.at, kind=report.kind[:64] or UNKNOWN,
            programme=report.programme[:255],
        )  # fmt: skip
        try:
            return self._office.control.complaints.note(complaint)
        except Stale:
            return None

    def _suppress(self, copy: _Copy, person: bytes) -> None:
        """Stop mail to somebody whose address the log has forgotten; where it has not, the event does it."""
        known = {stream.name for stream in self._office.control.lists.streams([copy.tenant])}
        stream = copy.stream if copy.stream in known else ""
        try:
            suppressions.add_person(self._office, copy.tenant, person, stream=stream, reason=REASON)
        except NotFound:
            return


def _event(kept: Complaint, copy: _Copy) -> Event:
    """Return the event of a complaint, with all labels of the copy: without a recipient where nobody is proved."""
    event = Event(
        id=kept.event, at=kept.at, kind="complained", tenant=kept.tenant, stream=kept.stream, message=kept.message,
        number=kept.number, source=kept.programme, reason=kept.kind, site=copy.site,
    )  # fmt: skip
    queued = copy.queued
    if queued is None:
        return event
    return msgspec.structs.replace(
        event, recipient=queued.recipient if kept.number else "", campaign=queued.campaign, tags=queued.tags,
        metadata=queued.metadata, template=queued.template, credential=queued.credential,
        from_domain=queued.from_domain, private=queued.private, topic=queued.topic,
    )  # fmt: skip
