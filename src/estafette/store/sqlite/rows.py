"""Rows and what they mean: contents and deliveries as stored, with the checksum that finds damage."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import msgspec

from estafette.model.message import Content, Delivery

_encode = msgspec.msgpack.Encoder().encode
_content = msgspec.msgpack.Decoder(Content).decode
_delivery = msgspec.msgpack.Decoder(Delivery).decode
_set = msgspec.structs.force_setattr


class _Stream(msgspec.Struct, frozen=True, array_like=True):
    """The first fields of a delivery; the rest is skipped unread."""

    message: int
    number: int
    tenant: str
    stream: str


_stream = msgspec.msgpack.Decoder(_Stream).decode


class _Sender(msgspec.Struct, frozen=True, array_like=True):
    """The first fields of a content."""

    id: int
    tenant: str
    stream: str
    kind: str
    credential: str
    sender: str


_sender = msgspec.msgpack.Decoder(_Sender).decode


class Damaged(Exception):
    """A row does not hold what was written."""

    def __init__(self, message: int, number: int, reason: str) -> None:
        super().__init__(reason)
        self.message = message
        self.number = number
        self.reason = reason


def content_row(content: Content) -> tuple[int, float, str, int, bytes, bytes]:
    """Return (id, retention, file, crc, head, body)."""
    body = content.body
    head = _encode(msgspec.structs.replace(content, body=b"") if body else content)
    return content.id, content.retention, content.file, crc32(body, crc32(head)), head, body


def read_content(row: tuple[Any, ...]) -> Content:
    """Return the content of (id, crc, head, body); Damaged when the checksum or the form is wrong."""
    number, crc, head, body = row
    try:
        if crc32(body, crc32(head)) != crc:
            raise Damaged(number, 0, "content checksum differs")
        content = _content(head)
    except (msgspec.MsgspecError, TypeError) as error:
        raise Damaged(number, 0, f"content cannot be read: {error}") from error
    if body:
        _set(content, "body", body)
    return content


def stub_of(head: bytes) -> bytes:
    """Return what is remembered of a person's letter when it is removed: who sent it, not what it was about.

    b"" for mail that nobody is told of late.
    """
    try:
        first = _sender(head)
        if first.kind != "personal" or not first.sender:
            return b""
        content = _content(head)
    except (msgspec.MsgspecError, TypeError):
        return b""
    stub = msgspec.structs.replace(
        content, body=b"", file="", subject="", campaign="", tags=(), metadata={}, link_tags="", late=False
    )
    return _encode(stub)


def read_stub(head: bytes) -> Content:
    """Return what ``stub_of`` made."""
    return _content(head)


def delivery_row(delivery: Delivery) -> tuple[Any, ...]:
    """Return the columns of ``insert_delivery``."""
    data = _encode(delivery)
    return (
        delivery.message, delivery.number, delivery.lane, delivery.egress, delivery.priority, delivery.tenant,
        delivery.due, delivery.domain, delivery.address, delivery.from_domain, delivery.campaign, delivery.size,
        crc32(data), data,
    )  # fmt: skip


def stream_of(data: bytes) -> str | None:
    """Return the stream of a delivery's data; None when it cannot be read."""
    try:
        return _stream(data).stream
    except (msgspec.MsgspecError, TypeError):
        return None


def credential_of(data: bytes) -> str | None:
    """Return the credential of a delivery's data; None when it cannot be read."""
    try:
        return _delivery(data).credential
    except (msgspec.MsgspecError, TypeError):
        return None


def born_of(data: bytes) -> float | None:
    """Return when a delivery's data was accepted, unix seconds; None when it cannot be read."""
    try:
        return _delivery(data).born
    except (msgspec.MsgspecError, TypeError):
        return None


def with_credential(data: bytes, head: bytes) -> bytes | None:
    """Return a delivery's data with the credential of its content's head; None when there is nothing to add."""
    try:
        row, credential = _delivery(data), _content(head).credential
    except (msgspec.MsgspecError, TypeError):
        return None
    if row.credential or not credential:
        return None
    return _encode(msgspec.structs.replace(row, credential=credential))


def read_delivery(row: tuple[Any, ...]) -> Delivery:
    """Return the delivery of a ``take`` row; Damaged when it does not hold what was written."""
    message, number, lane, due, attempts, notified, last, crc, data = row
    try:
        if crc32(data) != crc:
            raise Damaged(message, number, "delivery checksum differs")
        delivery = _delivery(data)
    except (msgspec.MsgspecError, TypeError) as error:
        raise Damaged(message, number, f"delivery cannot be read: {error}") from error
    if delivery.due != due:
        _set(delivery, "due", due)
    if delivery.lane != lane:
        _set(delivery, "lane", lane)
    if attempts or notified or last:
        _set(delivery, "attempts", attempts)
        _set(delivery, "notified", notified)
        _set(delivery, "last", last)
    return delivery
