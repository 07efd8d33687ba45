"""The last resort: detectors of flufl.bounce, which know old and rare programs; asked within bounds only."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from email import message_from_bytes
from email.policy import compat32

from flufl.bounce import all_failures

from estafette.mail.returns.diagnosis import code_of, one_line, status_of
from estafette.mail.returns.finding import Said
from estafette.mail.returns.opened import Opened

#: Octets, parts, levels and recipients beyond which it is not asked; its parser knows no bounds of its own.
OCTETS = 64 * 1024
PARTS = 40
DEPTH = 10
RECIPIENTS = 50
LINE = 2_000


def read(message: Opened) -> tuple[Said, ...]:
    """Return whom it takes for failed or delayed; () when it recognises nothing."""
    if message.opaque or len(message.parts) > PARTS or any(part.depth > DEPTH for part in message.parts):
        return ()
    octets = _without_copies(message)[:OCTETS]
    if any(len(line) > LINE for line in octets.split(b"\n")):
        return ()
    try:
        temporary, permanent = all_failures(message_from_bytes(octets, policy=compat32))
    except Exception:  # whatever hostile input does to a library, the next message is read
        return ()
    words = one_line(message.words())
    said = [
        Said("failed", each, status=status_of(words), code=code_of(words), text=words) for each in _shown(permanent)
    ]
    said += [Said("delayed", each, text=words) for each in _shown(temporary - permanent)]
    return tuple(said[:RECIPIENTS])


def _without_copies(message: Opened) -> bytes:
    """Return a message without those attached to it: what they report is not what it reports."""
    pieces, place = [], 0
    for part in message.of_type(b"message/rfc822", b"message/global"):
        pieces.append(message.message[place : part.body])
        place = max(place, part.stop)
    pieces.append(message.message[place:])
    return b"".join(pieces)


def _shown(addresses: AbstractSet[bytes]) -> list[str]:
    return sorted(one_line(each.decode("utf-8", "replace"), 320) for each in addresses if b"@" in each)
