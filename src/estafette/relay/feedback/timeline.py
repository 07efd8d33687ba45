"""What a message's events tell about its recipients: who, where, when the 250 came; read once for all its hits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from estafette.model.event import Event
from estafette.tracking.evidence import Copy
from estafette.tracking.gateways import Gateways
from estafette.tracking.said import Said, said


class Recipient(msgspec.Struct, frozen=True, array_like=True):
    """One of a message's. delivered: when the final 250 came, 0 = not known."""

    address: str = ""
    site: str = ""
    delivered: float = 0.0
    credential: str = ""
    campaign: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    template: str = ""
    from_domain: str = ""
    private: bool = False
    topic: str = ""


UNKNOWN = Recipient()


class Timeline(msgspec.Struct, frozen=True):
    """A message by its events: its recipients by number, and the last word on each hit."""

    recipients: Mapping[int, Recipient]
    words: Mapping[int, Said]

    @classmethod
    def of(cls, events: Iterable[Event]) -> Timeline:
        """Read it from the events of one message, oldest first."""
        held = list(events)
        recipients: dict[int, Recipient] = {}
        for event in held:
            before = recipients.get(event.number, UNKNOWN)
            if event.kind == "queued":
                recipients[event.number] = _queued(event, before)
            elif event.kind in ("delivered", "sent"):
                recipients[event.number] = msgspec.structs.replace(
                    before, address=before.address or event.recipient, site=event.site, delivered=event.at
                )
        return cls(recipients, said(held))

    def copy(self, number: int, links: int, gateways: Gateways) -> Copy:
        """Return what the classifier may know of a recipient's copy."""
        who = self.recipients.get(number, UNKNOWN)
        domain = who.address.rpartition("@")[2].lower()
        return Copy(
            person=who.address.lower(), domain=domain or who.site, gateway=gateways.of(who.site) if who.site else "",
            delivered=who.delivered, links=links,
        )  # fmt: skip


def _queued(event: Event, before: Recipient) -> Recipient:
    return msgspec.structs.replace(
        before, address=event.recipient, credential=event.credential, campaign=event.campaign, tags=event.tags,
        metadata=event.metadata, template=event.template, from_domain=event.from_domain, private=event.private,
        topic=event.topic,
    )  # fmt: skip
