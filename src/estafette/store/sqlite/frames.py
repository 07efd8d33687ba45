"""Frames of the store's socket: u32 length, u8 version, msgpack. Both ends are ours; still each frame is checked.

A request is ``[id, method, args]``, its answer ``[id, "", result]`` or ``[id, "error", [kind, cause, place,
fix, temporary]]``; a push has id 0. A release reads the frames of the one before: fields are only appended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from estafette.base.errors import StoreFault, StoreUnavailable
from estafette.model.erasure import Erased, Erasure
from estafette.model.message import Content, Submission
from estafette.model.rule import Filter, Rule
from estafette.model.tracking import RawHit
from estafette.store.interface.spool import Health, Read, Settlement, Wake

VERSION = 1
MAX_FRAME = 64 << 20
ERROR = "error"


class Greeting(msgspec.Struct, frozen=True, array_like=True):
    """The answer to ``hello``: the writer number of this process's ids, and the ids given out so far."""

    writer: int
    high_water: int


#: method -> (type of its arguments, type of its result)
METHODS: dict[str, tuple[Any, Any]] = {
    "hello": (tuple[int], Greeting),
    "accept": (tuple[Submission], None),
    "accept_again": (tuple[Submission], None),
    "accept_many": (tuple[list[Submission]], None),
    "accept_many_again": (tuple[list[Submission]], None),
    "lease": (tuple[str, int], dict[int, int]),
    "resume": (tuple[str, dict[int, int]], dict[int, int]),
    "renew": (tuple[str], dict[int, int]),
    "release": (tuple[str], None),
    "listen": (tuple[str], None),
    "settle": (tuple[str, dict[int, int], list[Settlement]], None),
    "place": (tuple[dict[str, str]], None),
    "add_rule": (tuple[Rule], None),
    "remove_rules": (tuple[str, Filter], int),
    "lift_rules": (tuple[list[int]], None),
    "requeue": (tuple[Filter, float], int),
    "reschedule": (tuple[str, int, float], int),
    "keep_return": (tuple[Content, bytes], None),
    "close_returns": (tuple[list[Read]], int),
    "record": (tuple[list[bytes]], None),
    "outbox_done": (tuple[int], None),
    "sweep": (tuple[float], int),
    "quarantine": (tuple[int, int, str], None),
    "prune": (tuple[float], int),
    "backup": (tuple[str], None),
    "flush": (tuple[()], None),
    "health": (tuple[()], Health),
    "hits.add": (tuple[list[RawHit]], None),
    "hits.close_up": (tuple[list[int]], None),
    "hits.forget": (tuple[list[tuple[int, int]]], int),
    "hits.prune": (tuple[float], int),
    "persons.erase": (tuple[Erasure], Erased),
    "wake": (tuple[str, Wake], None),
}
ARGUMENTS = {name: msgspec.msgpack.Decoder(types[0]).decode for name, types in METHODS.items()}
RESULTS = {name: msgspec.msgpack.Decoder(types[1]).decode for name, types in METHODS.items()}
_error = msgspec.msgpack.Decoder(tuple[str, str, str, str, bool]).decode
_frame = msgspec.msgpack.Decoder(tuple[int, str, msgspec.Raw]).decode
_encode = msgspec.msgpack.Encoder().encode


class BadFrame(ValueError):
    """The other side does not speak this protocol."""


def frame(number: int, word: str, value: Any) -> bytes:
    """Return one frame; StoreFault when it is too large."""
    body = _encode((number, word, value))
    if len(body) >= MAX_FRAME:
        raise StoreFault("too large for the store's socket", place="store.sock")
    return (len(body) + 1).to_bytes(4, "big") + bytes((VERSION,)) + body


class Frames:
    """Cuts a stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, str, msgspec.Raw]]:
        """Yield (id, word, value) of each complete frame; BadFrame when the stream is none of ours."""
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= 5:
            length = int.from_bytes(buffer[start : start + 4], "big")
            if not 1 < length <= MAX_FRAME or buffer[start + 4] != VERSION:
                raise BadFrame(f"length {length}, version {buffer[start + 4]}")
            end = start + 4 + length
            if len(buffer) < end:
                break
            yield self._decode(bytes(buffer[start + 5 : end]))
            start = end
        del buffer[:start]

    def _decode(self, body: bytes) -> tuple[int, str, msgspec.Raw]:
        try:
            return _frame(body)
        except msgspec.MsgspecError as error:
            raise BadFrame(str(error)) from error


def error_value(error: Exception) -> tuple[str, str, str, str, bool]:
    """Return an error as it travels."""
    if isinstance(error, StoreFault):
        return type(error).__name__, error.cause, error.place, error.fix, error.temporary
    return "StoreFault", f"{type(error).__name__}: {error}", "store", "", False


def read_error(value: msgspec.Raw) -> StoreFault:
    """Return the error that travelled."""
    kind, cause, place, fix, temporary = _error(value)
    family = StoreUnavailable if kind == "StoreUnavailable" else StoreFault
    return family(cause, place=place, fix=fix, temporary=temporary)
