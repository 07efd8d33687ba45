"""The office in which a process works, and in whose name."""

from __future__ import annotations

from estafette.runtime.assemble import Unit
from estafette.tenancy.office import Office
from estafette.tenancy.permissions import Actor

JANITOR = Actor(kind="operator", id="", name="janitor")
#: In whose name it is written down what somebody who got mail has asked for.
RECIPIENT = Actor(kind="operator", id="", name="recipient")


def office_of(unit: Unit, who: Actor = JANITOR) -> Office:
    """Return the office over a process's control data and settings."""
    service = unit.settings.service
    return Office(
        control=unit.directory.control, keyring=unit.keyring, now=unit.clock.now, who=who, hostname=service.hostname,
        return_path=service.return_path, public_url=service.public_url, dns_zone=service.dns_zone,
        language=service.language, submissions=unit.settings.listen.port("submissions"),
        submission=unit.settings.listen.port("submission"),
    )  # fmt: skip
