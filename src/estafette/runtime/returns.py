"""Assembly of the return desk: who reads what came back, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from estafette.mail import verp
from estafette.relay.feedback.journeys import Journeys
from estafette.relay.feedback.returned import Door, Reader
from estafette.relay.return_desk import ReturnDesk
from estafette.relay.submission.return_gate import MAC_PURPOSE
from estafette.runtime.assemble import Unit


def readers(unit: Unit, journeys: Journeys) -> Sequence[Reader]:
    """Return whoever reads returned mail, asked in this order; the narrower stand first.

    journeys: what the log says of the recipients whose return paths the messages at hand came to.
    """
    _ = unit, journeys
    return ()


def doors(unit: Unit) -> Sequence[Door]:
    """Return what opens the mx listeners to addresses other than return paths, for the readers above."""
    _ = unit
    return ()


def open_return_desk(unit: Unit) -> None:
    """Read what comes back for as long as the janitor lives."""
    verify = partial(unit.keyring.verify, MAC_PURPOSE)
    domain = unit.settings.service.return_path.lower()
    journeys = Journeys(unit.store.history)
    desk = ReturnDesk(
        spool=unit.store.spool, clock=unit.clock, readers=readers(unit, journeys), journeys=journeys,
        path=lambda address: verp.read(verify, address, domain),
    )  # fmt: skip
    unit.background(desk.run)
