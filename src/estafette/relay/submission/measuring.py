"""What is measured of a message and of each of its recipients: decided once, when it is accepted, and then pinned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        usual = decided(mode, "", counted)
        others: dict[str, Tracking] = {}
        # In a message that is only counted nobody's answer changes anything.
        for recipient in recipients if said.caps or mode != "aggregate" else ():
            own = strictest(mode, said.caps.get(recipient.address, mode))
            one = decided(own, self._directory.consent(tenant, recipient.address), counted)
            if one != usual:
                others[recipient.address] = one
        return Measured(mode, self._url(tenant, domain), usual, others)

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
