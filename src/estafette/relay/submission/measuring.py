"""What is measured of a message and of each of its recipients: decided once, when it is accepted, and then pinned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from estafette.model.envelope import Recipient
from estafette.model.stream import Tracking
from estafette.model.tracking import strictest
from estafette.relay.submission.labels import Labels
from estafette.store.interface.directory import Directory


class Measured(msgspec.Struct, frozen=True):
    """The decision. mode: of the message. url: base of its links, "" = the service's own.

    usual: of its recipients; others: by address, of those of whom something else is measured.
    """

    mode: Tracking = "off"
    url: str = ""
    usual: Tracking = "off"
    others: Mapping[str, Tracking] = {}

    def of(self, address: str) -> Tracking:
        """Return what is measured of a recipient."""
        return self.others.get(address, self.usual)


NOTHING = Measured()
Answer = Literal["granted", "refused", ""]
ANSWERS: tuple[Answer, ...] = ("granted", "refused", "")


def decided(mode: Tracking, answer: Answer, counted: Tracking) -> Tracking:
    """Return what is measured of one recipient: ``off``, ``aggregate`` or ``individual``.

    answer: what this person said to being measured. counted: ``aggregate`` when the message belongs to a campaign, a
    template or a tag for which it can be counted, else ``off``.
    """
    if mode == "off":
        return "off"
    alone = answer == "granted" if mode == "consented" else mode == "individual" and answer != "refused"
    return "individual" if alone else counted


class Measuring:
    """Decides over the directory's snapshot. hosts: links may lead to a tenant's own name."""

    def __init__(self, directory: Directory, *, hosts: bool = False) -> None:
        self._directory = directory
        self._hosts = hosts

    def decide(
        self, tenant: str, stream: str, said: Labels, domain: str, recipients: Sequence[Recipient]
    ) -> Measured:  # fmt: skip
        """Return what is measured: the strictest of tenant, stream, message and recipient. domain: of From."""
        mode = self._mode(tenant, stream, said)
        counted: Tracking = "aggregate" if said.campaign or said.template or said.tags else "off"
        if mode == "off" or (mode == "aggregate" and counted == "off"):
            return NOTHING
        # In a message that is only counted nobody's answer changes anything.
        asked = recipients if said.caps or mode != "aggregate" else ()
        others = dict(self._others(tenant, mode, said.caps, asked, counted))
        return Measured(mode, self._url(tenant, domain), decided(mode, "", counted), others)

    def _others(
        self, tenant: str, mode: Tracking, caps: Mapping[str, Tracking], recipients: Sequence[Recipient],
        counted: Tracking,
    ) -> Iterator[tuple[str, Tracking]]:  # fmt: skip
        """Yield the recipients of whom something else is measured than of those who said nothing."""
        by_answer = {answer: decided(mode, answer, counted) for answer in ANSWERS}
        for recipient in recipients:
            address = recipient.address
            answer = self._directory.consent(tenant, address)
            one = by_answer[answer]
            if address in caps:
                one = decided(strictest(mode, caps[address]), answer, counted)
            if one != by_answer[""]:
                yield address, one

    def _mode(self, tenant: str, stream: str, said: Labels) -> Tracking:
        account, habits = self._directory.tenant(tenant), self._directory.stream(tenant, stream)
        if account is None or habits is None or habits.tracking == "off":
            return "off"
        if said.opens is False and said.clicks is False:
            return "off"
        return strictest(account.tracking, habits.tracking, said.tracking or "individual")

    def _url(self, tenant: str, domain: str) -> str:
        known = self._directory.domain(tenant, domain) if self._hosts else None
        return f"https://t.{known.name}" if known is not None and known.tracked else ""
