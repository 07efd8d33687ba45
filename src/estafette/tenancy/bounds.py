"""The bounds of a credential: how much, to whom, from where, until when, and with whose header fields."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from estafette.base.errors import Fault
from estafette.model.address import Address, AddressError, parse_path
from estafette.store.interface.records import Credential
from estafette.tenancy.office import Office
from estafette.tenancy.permissions import Forbidden

MOST = 1 << 31
#: Services whose header fields are understood; "" for none.
HEADERS = frozenset({"", "mailjet", "brevo", "turbosmtp"})
KNOWN = "mailjet, brevo, turbosmtp; an empty text for none"


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What to set; None leaves it as it is, a number below 0 and an empty text lift it.

    message_recipients: recipients of one message. per_minute, per_hour, per_day: recipients in that time.
    expires: RFC 3339, with its zone. recipients: addresses or domains it may write to. only_from: CIDR ranges.
    headers: a service, mailjet, brevo or turbosmtp, whose header fields its programs write.
    """

    message_recipients: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    expires: str | None = None
    recipients: Sequence[str] | None = None
    only_from: Sequence[str] | None = None
    headers: str | None = None


def apply(office: Office, credential: Credential, wanted: Bounds | None) -> Credential:
    """Return the credential within its new bounds; Fault names the one that is wrong."""
    if wanted is None:
        return credential
    changes: dict[str, object] = {}
    for name in ("message_recipients", "per_minute", "per_hour", "per_day"):
        number = getattr(wanted, name)
        if number is not None:
            changes[name] = _number(number, name)
    if wanted.expires is not None:
        changes["expires"] = until(office, wanted.expires)
    if wanted.recipients is not None:
        changes["recipients"] = reached(wanted.recipients)
    if wanted.only_from is not None:
        changes["only_from"] = tuple(dict.fromkeys(network(text, "--only-from") for text in wanted.only_from))
    if wanted.headers is not None:
        changes["headers"] = _family(wanted.headers)
    return msgspec.structs.replace(credential, **changes)


def _family(text: str) -> str:
    if text not in HEADERS:
        raise Fault(f"{text[:40]!r} has no header fields that we know", place="--headers", fix=f"one of {KNOWN}")
    return text


def network(text: str, place: str) -> str:
    """Return a CIDR range in its plain form; Fault names ``place``."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise Fault(f"{error}", place=place, fix="write a range such as 192.0.2.0/24") from None


def mailbox_or_domain(text: str, place: str) -> Address:
    """Return an address, or any address of a domain; Fault names ``place``."""
    try:
        return parse_path(text if "@" in text else f"x@{text}", smtputf8=True)
    except AddressError as error:
        raise Fault(f"{text!r} is no address or domain: {error}", place=place, fix="correct it") from None


def reached(texts: Sequence[str]) -> tuple[str, ...]:
    """Return addresses and domains to which alone mail may go, each once; Fault."""
    return tuple(dict.fromkeys(_reached(text) for text in texts))


def confined(office: Office, credential: Credential, *, made: bool = False) -> Credential:
    """Return a credential that a test key may make or change: one that reaches the key's recipients only. Forbidden.

    made: it is new; without recipients of its own it gets the key's.
    """
    allowed = office.who.recipients
    if allowed and made and not credential.recipients:
        return msgspec.structs.replace(credential, recipients=allowed)
    beyond = [each for each in credential.recipients if each not in allowed and each.rpartition("@")[2] not in allowed]
    if allowed and (beyond or not credential.recipients):
        fix = "name recipients within those of the key"
        raise Forbidden("a test key reaches its recipients only", place="recipients", fix=fix)
    return credential


def within(ranges: Sequence[str], client: str) -> bool:
    """Return whether a client's address (text, without zone) lies in one of some CIDR ranges."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    return any(address in ipaddress.ip_network(each) for each in ranges)


def _reached(text: str) -> str:
    address = mailbox_or_domain(text, "--recipient")
    return address.key if "@" in text else address.domain


def _number(number: int, name: str) -> int | None:
    if number == 0 or number >= MOST:
        place = f"--{name.replace('_', '-')}"
        raise Fault(f"{number} is no limit", place=place, fix="1 or more; -1 lifts the limit, revoke ends all")
    return number if number > 0 else None


def until(office: Office, text: str) -> float | None:
    """Return a later moment, given in RFC 3339, in unix seconds; None for an empty text; Fault."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        fix = "write it as 2030-01-31T12:00:00Z"
        raise Fault(f"{text!r} is no moment of RFC 3339", place="--expires", fix=fix)
    at = found.astimezone(UTC).timestamp()
    if at <= office.now():
        raise Fault(f"{text} is over", place="--expires", fix="name a later moment, or revoke the credential")
    return at
