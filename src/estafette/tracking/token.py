"""The token of a link: everything a hit on it needs, sealed, so that answering looks nothing up.

Sealed with equal results for equal contents, so that a retry writes the same bytes. A token names no address: a person
appears as a keyed hash, and in aggregate measuring not at all.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import Literal

import msgspec

from estafette.base.seal import Keyring, SealBroken

#: Purposes of the keyring: tokens, and the hash that stands for a tenant's recipient.
PURPOSE = "link"
PERSON_PURPOSE = "person"
#: Longest token that is looked at; a target of 2,000 octets fits.
LONGEST = 4_096
PERSON = 12

LinkKind = Literal["click", "open", "view", "unsubscribe", "complaint"]


class Target(msgspec.Struct, frozen=True, array_like=True):
    """What a token says.

    message, number, person: of individual measuring, and of ``view``, ``unsubscribe`` and ``complaint`` (no link, but
    CFBL-Feedback-ID of RFC 9477); 0 and b"" in aggregate.
    person: ``person_of`` the recipient. campaign, template, tag: the group that an aggregate hit counts for (one of
    them), or the labels of the message. link: place of the link, 1-based. url: where a click leads, whole.
    topic: of an unsubscription, "" = the stream. links: how many links of the message are measured, 0 = not told.
    """

    kind: LinkKind
    tenant: str
    stream: str = ""
    message: int = 0
    number: int = 0
    person: bytes = b""
    campaign: str = ""
    template: str = ""
    tags: tuple[str, ...] = ()
    link: int = 0
    url: str = ""
    topic: str = ""
    links: int = 0

    @property
    def aggregate(self) -> bool:
        """Whether it names no message and no recipient."""
        return self.message == 0


#: The letters of base64 that stand for themselves in a URL are others in two places (RFC 4648 section 5).
_FOR_URLS = bytes.maketrans(b"+/", b"-_")
_FROM_URLS = bytes.maketrans(b"-_", b"+/")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Target).decode


def write(keyring: Keyring, target: Target) -> str:
    """Return the token of a target, in the letters of a URL."""
    return writer(keyring)(target)


def writer(keyring: Keyring) -> Callable[[Target], str]:
    """Return ``write`` for many targets at once, sooner than one by one."""
    seal = keyring.sealer_alike(PURPOSE)

    def written(target: Target) -> str:
        letters = binascii.b2a_base64(seal(_encode(target)), newline=False)
        return letters.translate(_FOR_URLS).rstrip(b"=").decode()

    return written


def read(keyring: Keyring, token: str) -> Target | None:
    """Return the target of a token, None for anything that we did not write."""
    if len(token) > LONGEST:
        return None
    try:
        given = token.encode("ascii")
        sealed = binascii.a2b_base64(given.translate(_FROM_URLS) + b"=" * (-len(token) % 4))
        # The decoder passes over foreign letters and loose bits; a token has one spelling.
        if binascii.b2a_base64(sealed, newline=False).translate(_FOR_URLS).rstrip(b"=") != given:
            return None
        return _decode(keyring.open_alike(PURPOSE, sealed))
    except (SealBroken, binascii.Error, UnicodeEncodeError, ValueError, msgspec.MsgspecError):
        return None


def person_of(keyring: Keyring, tenant: str, address: str) -> bytes:
    """Return the keyed hash that stands for a tenant's recipient (address in its comparable form, lower case)."""
    return keyring.mark(PERSON_PURPOSE, f"{tenant}\0{address.lower()}".encode(), PERSON)
