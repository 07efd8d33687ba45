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
from estafette.relay.preparation.feedback import feedback_fields
from estafette.relay.preparation.rewriting import LARGEST, edits, untouched
from estafette.relay.preparation.steps import id_field, return_path, shares_transaction, signatures, unsubscribe_fields
from estafette.tracking.edit import Edit, applied, growth, streamed

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
    delivery = deliveries[0]
    body = late.write(late.opened(content.body), delivery.number) if content.late else content.body
    head = Head.parse(body)
    if context.writer is not None and not untouched(content, delivery):
        message = body
        body = applied(message, edits(content, delivery, context.writer, head, lambda: message))
    added = _added(content, delivery, head, context)
    seals = signatures(head, added, body_hash(body[head.end :]), context)
    return Prepared(return_path(content, deliveries, context), b"".join((seals, added, body)))


def prepare_streamed(
    content: Content, deliveries: Sequence[Delivery], context: PreparationContext, body: BinaryIO
) -> PreparedStream:
    """Prepare a message that rests in a file: read once for its hash, and again while it is sent.

    body: the open file, which stays the caller's to close after the attempt. Memory stays at one piece, but for a
    recipe: that is read, and its message is written, whole; and while links are looked for.
    """
    delivery = deliveries[0]
    if content.late:
        written = late.write(unpack(body.read()), delivery.number)
        content, body = msgspec.structs.replace(content, size=len(written)), BytesIO(written)
    head = Head.parse(body.read(SECTION_LIMIT + PIECE))
    changes: Sequence[Edit] = ()
    if context.writer is not None and not untouched(content, delivery) and content.size <= LARGEST:
        changes = edits(content, delivery, context.writer, head, partial(_whole, body))
    hashed = BodyHash()
    for piece in streamed(body, changes, PIECE, head.end):
        hashed.update(piece)
    added = _added(content, delivery, head, context)
    prefix = signatures(head, added, hashed.digest(), context) + added
    sender = return_path(content, deliveries, context)
    size = len(prefix) + content.size + growth(changes)
    return PreparedStream(sender, partial(_pieces, prefix, body, changes), size)


def _added(content: Content, delivery: Delivery, head: Head, context: PreparationContext) -> bytes:
    told = feedback_fields(content, delivery, head, context)
    return told + id_field(content) + unsubscribe_fields(content, delivery, head, context)


def _whole(body: BinaryIO) -> bytes:
    body.seek(0)
    return body.read()


def _pieces(prefix: bytes, body: BinaryIO, changes: Sequence[Edit]) -> Iterator[bytes]:
    yield prefix
    yield from streamed(body, changes, PIECE)
