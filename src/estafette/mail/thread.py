"""Which messages a message answers, by the ids that it names (RFC 5322 section 3.6.4), as far as these are ours.

Every message that comes without a Message-ID gets ``<ID@DOMAIN>`` of us, or ``<ID.N@DOMAIN>`` where each recipient
has a message of its own. Whatever a stranger writes here says no more than what is to be looked up.
"""

from __future__ import annotations

import re
from hashlib import sha256

import msgspec

from estafette.base import ids
from estafette.mail.headers import Head, unfold
from estafette.model.address import AddressError, parse_mailboxes

#: Ids looked at, and octets of the fields that hold them: programs keep the first of a thread and the last ones.
MOST = 50
_FIELDS = (b"in-reply-to", b"references")
_OCTETS = 16_384
_FROM = 2_000
_ID = re.compile(rb"<([0-9a-hjkmnp-tv-z]{13})(?:\.([1-9][0-9]{0,6}))?@([a-z0-9.-]{1,255})>", re.IGNORECASE)
_MESSAGE_ID = re.compile(rb"<([!-;=?-~]{1,400})>")


class Answered(msgspec.Struct, frozen=True):
    """A message of ours that may be the one answered. number: of its recipient, 0 when the id does not tell.

    domain: behind the ``@``, in lower case: the domain of its From.
    """

    message: int
    number: int
    domain: str


def answered(head: Head) -> tuple[Answered, ...]:
    """Return what a message may answer, the nearest first: In-Reply-To, then References from its end."""
    found: list[Answered] = []
    for name in _FIELDS:
        value = unfold(head.first(name) or b"")
        ids_in = list(_ID.finditer(value[-_OCTETS:]))[-MOST:]
        found += [each for match in reversed(ids_in) if (each := _answered(match)) is not None]
    return tuple(dict.fromkeys(found))[:MOST]


def _answered(match: re.Match[bytes]) -> Answered | None:
    try:
        message = ids.read(match[1].decode("ascii"))
    except ValueError:
        return None
    return Answered(message, int(match[2] or 0), match[3].decode("ascii").lower())


def writers(head: Head) -> frozenset[str]:
    """Return who a message says it is from, in the form for comparing; nobody when that can be read in two ways."""
    fields = head.get_all(b"from")
    if len(fields) != 1 or len(fields[0]) > _FROM:
        return frozenset()
    try:
        return frozenset(each.key for each in parse_mailboxes(fields[0].decode("utf-8", "replace")))
    except AddressError:
        return frozenset()


def own_id(head: Head) -> str:
    """Return what names a message itself: its Message-ID, else a digest of what tells it apart from others.

    Two copies of one message have the same.
    """
    match = _MESSAGE_ID.search(unfold(head.first(b"message-id") or b"")[:_OCTETS])
    if match is not None:
        return f"<{match[1].decode('ascii')}>"
    told = b"\n".join(unfold(head.first(name) or b"") for name in (b"from", b"date", b"subject", *_FIELDS))
    return f"digest:{sha256(told).hexdigest()}"
