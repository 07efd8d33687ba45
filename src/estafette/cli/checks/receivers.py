"""The feedback programmes of large receivers, and whether this service is ready to enrol."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib import resources

from estafette.base.errors import Fault
from estafette.config.schema import Settings


def receivers(settings: Settings) -> Iterator[dict[str, object]]:
    """Return each programme with its state and steps."""
    text = resources.files("estafette.cli.checks").joinpath("receivers.toml").read_text(encoding="utf-8")
    states = {"address": _address_state(settings), "domain": _domain_state(settings), "": "nothing to enrol in"}
    for row in tomllib.loads(text)["programme"]:
        yield {
            "receiver": row["receiver"],
            "programme": row["programme"],
            "state": states[row["needs"]],
            "steps": row["steps"],
        }


def _address_state(settings: Settings) -> str:
    """A source address in the settings is one that somebody chose to keep."""
    addresses = [source.address for egress in settings.egress.values() for source in egress.source]
    if not addresses:
        return "not ready: list the source addresses in [[egress.NAME.source]]"
    return f"ready to enrol: {', '.join(addresses)}"


def _domain_state(settings: Settings) -> str:
    from estafette.store.tables.control import open_control

    try:
        tables = open_control(settings.store.url)
    except Fault as fault:
        return f"not known: {fault.cause}"
    try:
        verified = [domain.name for domain in tables.domains() if domain.status == "verified"]
    finally:
        tables.close()
    return f"ready to enrol: {', '.join(verified)}" if verified else "not ready: no domain is verified"
