"""Assembly of the return desk: who reads what came back, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from estafette.mail import list_unsubscribe, verp
from estafette.mail.list_unsubscribe import Leaver
from estafette.model.route import Way
from estafette.relay.feedback.inbound import InboundReader
from estafette.relay.feedback.journeys import Journeys
from estafette.relay.feedback.reports import ReportReader
from estafette.relay.feedback.returned import Door, Reader
from estafette.relay.feedback.unsubscribe_mail import UnsubscribeMail
from estafette.relay.feedback.unsubscription import Unsubscribing
from estafette.relay.return_desk import ReturnDesk
from estafette.relay.submission.return_gate import MAC_PURPOSE
from estafette.runtime.assemble import Unit
from estafette.runtime.complaints import complaint_reader, forget_old, role_door, ticket_reader
from estafette.runtime.offices import RECIPIENT, office_of
from estafette.runtime.receivers import forget_reports, receiver_reader, report_door
from estafette.tracking.writer import MAIL_PURPOSE


def readers(unit: Unit, journeys: Journeys, receivers: Reader) -> Sequence[Reader]:
    """Return whoever reads returned mail, asked in this order; the narrower stand first.

    journeys: what the log says of the recipients whose return paths the messages at hand came to. receivers: whoever
    reads reports of receivers.
    """
    complaints = complaint_reader(unit, journeys)
    came = InboundReader(journeys=journeys, mint=unit.store.mint, way=partial(_way, unit))
    return (came, _unsubscribes(unit), receivers, complaints, _reports(unit, journeys), ticket_reader(unit))


def _way(unit: Unit, domain: str, route: str) -> Way | None:
    return next((each.way for each in unit.directory.routes(domain) if each.id == route), None)


def doors(unit: Unit) -> Sequence[Door]:
    """Return what opens the mx listeners to addresses other than return paths, for the readers above."""
    leaver = _leaver(unit)
    return (lambda address: leaver(address.text) is not None, role_door(unit), report_door(unit))


def _reports(unit: Unit, journeys: Journeys) -> Reader:
    return ReportReader(
        journeys=journeys, mint=unit.store.mint, path=_path(unit), remembered=unit.store.spool.remembered,
        stream=unit.directory.stream,
    )  # fmt: skip


def _path(unit: Unit) -> Callable[[str], tuple[int, int] | None]:
    """Return what says which message and recipient a return path is of, None for every other address."""
    verify = partial(unit.keyring.verify, MAC_PURPOSE)
    domain = unit.settings.service.return_path.lower()
    return lambda address: verp.read(verify, address, domain)


def _unsubscribes(unit: Unit) -> Reader:
    unsubscribing = Unsubscribing(office_of(unit, RECIPIENT), unit.store.spool, unit.store.history)
    return UnsubscribeMail(unsubscribing, unit.store.mint, _leaver(unit))


def _leaver(unit: Unit) -> Callable[[str], Leaver | None]:
    """Return what says whom an address unsubscribes, None for every address that is not for this."""
    verify = partial(unit.keyring.verify, MAIL_PURPOSE)
    domain = unit.settings.service.return_path.lower()
    return lambda address: list_unsubscribe.read(verify, address, domain)


def open_return_desk(unit: Unit) -> None:
    """Read what comes back for as long as the janitor lives."""
    journeys = Journeys(unit.store.history)
    receivers = receiver_reader(unit)
    desk = ReturnDesk(
        spool=unit.store.spool, clock=unit.clock, readers=readers(unit, journeys, receivers), journeys=journeys,
        path=_path(unit), long=receivers.concerns,
    )  # fmt: skip
    unit.background(desk.run)
    unit.background(lambda: forget_old(unit))
    unit.background(lambda: forget_reports(unit))
