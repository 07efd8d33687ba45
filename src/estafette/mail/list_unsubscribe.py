"""The fields by which a mail program unsubscribes (RFC 2369 section 3.2, RFC 8058), and the address for its mail.

The address's local part is ``u`` and the lower-case base32 of 8 octets tenant, 8 octets message, 12 octets that stand
for the recipient, and a tag: all that is needed to act on it years later, when the message itself is forgotten. It
holds no address. Base32, because mail systems on the way may change the case of a local part.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

import msgspec

from estafette.mail.headers import Head

_FORM = "u"
_ID = 8
_PERSON = 12
_PLAIN = 2 * _ID + _PERSON
#: Octets of the tag, the number of its key included: 80 bits are secret, all that 64 characters have room for.
TAG = 11
_LONGEST_LOCAL = 64
#: Those of the local part: nothing else makes one.
_LETTERS = len(_FORM) + (_PLAIN + TAG) * 8 // 5 + 1


class Leaver(msgspec.Struct, frozen=True):
    """Who asks by mail to get no more: the recipient of a message. person: see ``tracking.token.person_of``."""

    tenant: int
    message: int
    person: bytes


def address(mac: Callable[[bytes], bytes], leaver: Leaver, domain: str) -> str:
    """Return the address at which a recipient of a message unsubscribes by mail. mac: gives ``TAG`` octets."""
    plain = leaver.tenant.to_bytes(_ID) + leaver.message.to_bytes(_ID) + leaver.person
    tag = mac(plain + domain.encode())
    if len(leaver.person) != _PERSON or len(tag) != TAG:
        raise ValueError(f"a person has {_PERSON} octets, a tag {TAG}")
    return f"{_FORM}{base64.b32encode(plain + tag).decode().rstrip('=').lower()}@{domain}"


def read(verify: Callable[[bytes, bytes], bool], text: str, domain: str) -> Leaver | None:
    """Return whom an address stands for that ``address`` made, in any case; None for all others.

    verify: whether a tag belongs to some octets, with the current or a retired key, compared in constant time.
    """
    local, _, host = text.rpartition("@")
    if host.lower() != domain or len(local) != _LETTERS or local[:1].lower() != _FORM:
        return None
    code = local[1:].upper()
    try:
        raw = base64.b32decode(code + "=" * (-len(code) % 8))
    except (binascii.Error, ValueError):
        return None
    plain, tag = raw[:_PLAIN], raw[_PLAIN:]
    if not verify(plain + domain.encode(), tag):
        return None
    return Leaver(int.from_bytes(plain[:_ID]), int.from_bytes(plain[_ID : 2 * _ID]), plain[2 * _ID :])


def fields(page: str, mailbox: str) -> bytes:
    """Return both fields, each on one line. page: an https address that takes the POST of RFC 8058; mailbox: "" = none.

    The page stands first: a program takes the first that it can use (RFC 2369 section 3).
    """
    written = f", <mailto:{mailbox}?subject=unsubscribe>" if mailbox else ""
    return f"List-Unsubscribe: <{page}>{written}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode()


def automatic(sender: str, head: Head) -> bool:
    """Whether a message answers by itself, or reports: nobody has asked for anything by it (RFC 3834, RFC 3464).

    sender: envelope sender. A mail program that writes the message for its reader generates it, and answers nothing.
    """
    if not sender:
        return True
    said = {name: _word(head, name) for name in _SAYING}
    return (
        said[b"auto-submitted"] in {b"auto-replied", b"auto-notified"}
        or said[b"content-type"] == b"multipart/report"
        or said[b"precedence"] in {b"auto_reply", b"bulk", b"junk", b"list"}
        or any(head.contains(name) for name in _ANSWERING)
    )


#: Fields whose first word tells.
_SAYING = (b"auto-submitted", b"content-type", b"precedence")
#: Fields that only what answers by itself writes; RFC 3834 came late.
_ANSWERING = (b"x-autoreply", b"x-autorespond", b"x-autoresponder", b"x-auto-reply-from", b"x-failed-recipients")


def _word(head: Head, name: bytes) -> bytes:
    value = head.first(name) or b""
    return value.partition(b";")[0].partition(b"(")[0].strip().lower()
