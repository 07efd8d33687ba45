"""The three tables of the classifier together, and a raw hit seen through them."""

from __future__ import annotations

from typing import NamedTuple

from estafette.model.tracking import RawHit
from estafette.tracking import agents, gateways, networks
from estafette.tracking.evidence import Seen


class Lists(NamedTuple):
    """Programs, networks of machines, and security gateways."""

    programs: agents.Programs
    networks: networks.Networks
    gateways: gateways.Gateways

    def seen(self, hit: RawHit) -> Seen:
        """Return a kept hit as the classifier looks at it."""
        return Seen(
            at=hit.at, kind=hit.kind, visitor=hit.address, agent=hit.agent, program=self.programs.of(hit.agent),
            network=self.networks.of(hit.address), letter=(hit.message, hit.number), link=hit.link, method=hit.method,
            purpose=hit.purpose, id=hit.id,
        )  # fmt: skip


def load(more: bytes = b"", *, place: str = "") -> Lists:
    """Read the shipped tables, and ``more`` networks from ``place``; ConfigFault when one is damaged."""
    held = networks.load(more=more, place=place) if more else networks.load()
    return Lists(agents.load(), held, gateways.load())
