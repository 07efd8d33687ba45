"""How a record is typed at a DNS host, and as lines of a zone file (RFC 1035 section 5.1)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Literal

import msgspec

from estafette.base.errors import Fault
from estafette.base.shipped import table
from estafette.model.domain import DnsRecord

#: A character-string of DNS (RFC 1035 section 3.3).
STRING = 255
_TTL = 3600


class Host(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``hosts.toml``, which says what the fields mean."""

    label: str
    name: Literal["relative", "absolute"]
    apex: str
    dot: bool
    quotes: bool
    split: bool
    priority: bool
    note: str


class Spelled(msgspec.Struct, frozen=True):
    """What to type into which field. priority: "" where the form has none, or the record."""

    type: str
    name: str
    value: str
    priority: str = ""


@cache
def hosts() -> dict[str, Host]:
    """Return every host whose spelling is known, by its short name."""
    return table("estafette.tenancy", "hosts.toml", dict[str, Host])


def host(name: str) -> Host:
    """Return a host by its short name; Fault when it is not known."""
    found = hosts().get(name)
    if found is None:
        raise Fault(f"{name!r} is no DNS host that is known here", place="host", fix=f"one of {', '.join(hosts())}")
    return found


def spell(record: DnsRecord, zone: str, form: Host) -> Spelled:
    """Return a record as a host's form wants it. zone: the zone that holds it; other names are written whole."""
    name, value, priority = _name(record.name, zone, form), record.value, ""
    if record.type == "TXT":
        return Spelled("TXT", name, _text(value, form))
    if record.type == "MX":
        number, _, target = value.partition(" ")
        target = target if form.dot else target.rstrip(".")
        return Spelled("MX", name, target, number) if form.priority else Spelled("MX", name, f"{number} {target}")
    if record.type == "SRV":
        number, _, rest = value.partition(" ")
        rest = rest if form.dot else rest.rstrip(".")
        return Spelled("SRV", name, rest, number) if form.priority else Spelled("SRV", name, f"{number} {rest}")
    return Spelled(record.type, name, value if form.dot else value.rstrip("."), priority)


def snippet(records: Iterable[DnsRecord]) -> str:
    """Return records as lines of a zone file, names whole.

    What would lead all mail of a domain here is a comment: nobody shall lose a mailbox by pasting.
    """
    return "".join(f"{_comment(each)}{each.name}. {_TTL} IN {each.type} {zone_value(each)}\n" for each in records)


def zone_value(record: DnsRecord) -> str:
    """Return a value as a zone file has it: TXT in quoted strings of at most 255 octets."""
    return _strings(record.value) if record.type == "TXT" else record.value


def _comment(record: DnsRecord) -> str:
    return "; all mail of the domain, in place of its MX: " if record.purpose == "mx" else ""


def _name(name: str, zone: str, form: Host) -> str:
    inside = name == zone or name.endswith(f".{zone}")
    if form.name == "absolute" or not inside:
        return f"{name}." if form.dot else name
    return name.removesuffix(zone).rstrip(".") or form.apex


def _text(value: str, form: Host) -> str:
    if form.split and (form.quotes or len(value) > STRING):
        return _strings(value)
    return f'"{value}"' if form.quotes else value


def _strings(value: str) -> str:
    pieces = [value[at : at + STRING] for at in range(0, len(value), STRING)] or [""]
    quoted = (piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces)
    return " ".join(f'"{piece}"' for piece in quoted)
