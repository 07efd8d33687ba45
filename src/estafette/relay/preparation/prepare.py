"""The recipe: a stored message and its recipients become the bytes of one attempt.

Two attempts of one delivery give the same bytes except ``t=``, ``x=`` and ``b=`` of the signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import BytesIO
from typing import BinaryIO

import msgspec

from estafette.mail import late
from estafette.mail.dkim.canonical import BodyHash, body_hash
from estafette.mail.headers import SECTION_LIMIT, Head
from estafette.model.message import Content, Delivery
from estafette.model.recipe import unpack
from estafette.relay.preparation.context import PreparationContext
from estafette.relay.preparation.steps import id_field, return_path, shares_transaction, signatures

__all__ = ["Prepared", "PreparedStream", "prepare", "prepare_streamed", "shares_transaction"]

PIECE = 256 * 1024


class Prepared(msgspec.Struct, frozen=True, eq=False):
    """Ready for the wire. sender: envelope sender; body: the whole message, not dot-stuffed."""

    sender: str
    body: bytes


class PreparedStream(msgspec.Struct, frozen=True, eq=False):
    """As ``Prepared``, for a body in a file.

    pieces: makes the message anew, in order, for each session that is tried;
    size: octets in all.
    """

    sender: str
    pieces: Callable[[], Iterator[bytes]]
    size: int


def prepare(content: Content, deliveries: Sequence[Delivery], context: PreparationContext) -> Prepared:
    """Prepare a message whose body is in memory; most of its time is RSA, without the interpreter's lock."""
    body = late.write(late.opened(content.body), deliveries[0].number) if content.late else content.body
    head = Head.parse(body)
    added = id_field(content)
    seals = signatures(head, added, body_hash(body[head.end :]), context)
    return Prepared(return_path(content, deliveries, context), b"".join((seals, added, body)))


def prepare_streamed(
    content: Content, deliveries: Sequence[Delivery], context: PreparationContext, body: BinaryIO
) -> PreparedStream:
    """Prepare a message that rests in a file: read once for its hash, and again while it is sent.

    body: the open file, which stays the caller's to close after the attempt. Memory stays at one piece, but for a
    recipe: that is read, and its message is written, whole.
    """
    if content.late:
        written = late.write(unpack(body.read()), deliveries[0].number)
        content, body = msgspec.structs.replace(content, size=len(written)), BytesIO(written)
    start = body.read(SECTION_LIMIT + PIECE)
    head = Head.parse(start)
    hashed = BodyHash()
    hashed.update(start[head.end :])
    del start
    while piece := body.read(PIECE):
        hashed.update(piece)
    added = id_field(content)
    prefix = signatures(head, added, hashed.digest(), context) + added
    sender = return_path(content, deliveries, context)
    return PreparedStream(sender, partial(_pieces, prefix, body), len(prefix) + content.size)


def _pieces(prefix: bytes, body: BinaryIO) -> Iterator[bytes]:
    yield prefix
    body.seek(0)
    while piece := body.read(PIECE):
        yield piece
