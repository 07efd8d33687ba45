"""How a tenant stands, and what may be measured of a hit, as far as this process knows; never waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from estafette.model.stream import Tracking
from estafette.model.topic import Topic
from estafette.model.tracking import strictest
from estafette.store.interface.directory import Directory
from estafette.tracking.token import Target

#: A tenant's own tracking name is this label on its domain.
TRACKING_LABEL = "t."

Stand = Literal["good", "suspended", "gone"]


class Standing:
    """Without a directory, while the database has not answered yet, links lead on and persons are not measured.

    own: the host name of the service's own links.
    """

    def __init__(self, own: str = "") -> None:
        self._own = own
        self.directory: Directory | None = None
        self._version = -1
        self._modes: dict[tuple[str, str], Tracking] = {}

    def of(self, tenant: str) -> Stand:
        """Return whether a tenant's links work; seconds old at most."""
        if self.directory is None:
            return "good"
        known = self.directory.tenant(tenant)
        if known is None:
            return "gone"
        return "suspended" if known.status == "suspended" else "good"

    def foreign(self, host: str, tenant: str) -> bool:
        """Return whether a Host is the tracking name of a domain that the tenant has not proved.

        Somebody's name never leads where somebody else's mail does: its good name would vouch for a stranger's page.
        """
        name = host.partition(":")[0].lower().rstrip(".")
        if self.directory is None or name == self._own or not name.startswith(TRACKING_LABEL):
            return False
        return self.directory.domain(tenant, name.removeprefix(TRACKING_LABEL)) is None

    def measured(self, target: Target) -> Literal["individual", "aggregate", "off"]:
        """Return how a hit counts now: stricter than its mail was where tenant, stream or person have said so since."""
        if self.directory is None:
            return "aggregate"
        mode = self._mode(self.directory, target.tenant, target.stream)
        if mode == "off":
            return "off"
        if target.aggregate or mode == "aggregate" or self.directory.withdrawn(target.tenant, target.person):
            return "aggregate"
        return "individual"

    def _mode(self, directory: Directory, tenant: str, stream: str) -> Tracking:
        if directory.version != self._version:
            self._version = directory.version
            self._modes.clear()
        mode = self._modes.get((tenant, stream))
        if mode is None:
            sender, kind = directory.tenant(tenant), directory.stream(tenant, stream)
            told = [each.tracking for each in (sender, kind) if each is not None]
            mode = self._modes[tenant, stream] = strictest(*told)
        return mode

    def topics(self, target: Target) -> Sequence[Topic]:
        """Return the topics of a token's stream, () when they are not known."""
        return self.directory.topics(target.tenant, target.stream) if self.directory is not None else ()

    def name(self, tenant: str) -> str:
        """Return as whom a tenant sends, else what it is called here; "" when this is not known."""
        known = self.directory.tenant(tenant) if self.directory is not None else None
        return (known.identity or known.name) if known is not None else ""
