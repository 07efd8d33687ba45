"""A filter: says for certain that something is not among millions, in 12 bits for each; what may be is asked for.

A Bloom filter in blocks of 256 bits (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007),
so that a look touches one place. Full, it takes about 6 in 1,000 strangers for members. It grows by a further part,
twice as large as all before; nothing is ever taken out.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

import msgspec

_BLOCK = 32
_BITS = 12
#: Members of the smallest part.
LEAST = 65_536
#: Bits of a member, an octet of its digest each; eight more choose the block.
_PROBES = 6
_DIGEST = _PROBES + 8
_BIT = tuple(1 << bit for bit in range(256))
_digest, _int = blake2b, int.from_bytes
#: Where the bits begin in a file, behind its head.
_PAGE = 4_096
_MAGIC = b"estafette filter 1\n"


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a file. version: of what was read into it. origin: of which tables. blocks, members: of each part."""

    version: int
    origin: str
    blocks: tuple[int, ...]
    members: tuple[int, ...]
    notes: dict[str, tuple[str, ...]] = {}


class _Part:
    __slots__ = ("begin", "blocks", "buffer", "members", "most")

    def __init__(self, buffer: bytearray | mmap.mmap, begin: int, blocks: int, members: int = 0) -> None:
        self.buffer = buffer
        self.begin = begin
        self.blocks = blocks
        self.members = members
        self.most = blocks * _BLOCK * 8 // _BITS


class Filter:
    """Members are octets. ``add`` may run in a thread beside look-ups; only one may add at a time."""

    def __init__(self, members: int = LEAST, parts: list[_Part] | None = None) -> None:
        self._parts = [_part(members)] if parts is None else parts

    def add(self, keys: Iterable[bytes]) -> int:
        """Add members; return how many were not there, as far as can be told."""
        added = 0
        for key in keys:
            digest = _digest(key, digest_size=_DIGEST).digest()
            mask, place = _mask(digest), _int(digest[_PROBES:], "little")
            if self._holds(mask, place):
                continue
            part = self._parts[-1]
            if part.members >= part.most:
                part = _part(2 * sum(each.most for each in self._parts))
                self._parts = [*self._parts, part]
            at = part.begin + place % part.blocks * _BLOCK
            block = _int(part.buffer[at : at + _BLOCK], "little") | mask
            part.buffer[at : at + _BLOCK] = block.to_bytes(_BLOCK, "little")
            part.members += 1
            added += 1
        return added

    def __contains__(self, key: bytes) -> bool:
        """Return False when a key is certainly no member. Written out: every recipient comes this way."""
        digest = _digest(key, digest_size=_DIGEST).digest()
        place = _int(digest[_PROBES:], "little")
        mask = _BIT[digest[0]] | _BIT[digest[1]] | _BIT[digest[2]] | _BIT[digest[3]] | _BIT[digest[4]] | _BIT[digest[5]]
        for part in self._parts:
            at = part.begin + place % part.blocks * _BLOCK
            if _int(part.buffer[at : at + _BLOCK], "little") & mask == mask:
                return True
        return False

    @property
    def members(self) -> int:
        """How many were added."""
        return sum(part.members for part in self._parts)

    @property
    def octets(self) -> int:
        """Memory that it takes."""
        return sum(part.blocks * _BLOCK for part in self._parts)

    def _holds(self, mask: int, place: int) -> bool:
        for part in self._parts:
            at = part.begin + place % part.blocks * _BLOCK
            if int.from_bytes(part.buffer[at : at + _BLOCK], "little") & mask == mask:
                return True
        return False

    def save(self, path: Path, version: int, origin: str, notes: dict[str, tuple[str, ...]]) -> None:
        """Write a file that replaces an older one in one step; OSError. It is a copy, and need not be synced."""
        parts = self._parts
        head = Head(
            version=version, origin=origin, blocks=tuple(part.blocks for part in parts),
            members=tuple(part.members for part in parts), notes=notes,
        )  # fmt: skip
        packed = msgspec.json.encode(head)
        begin = -(-(len(_MAGIC) + 8 + len(packed)) // _PAGE) * _PAGE
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            with fresh.open("wb") as file:
                file.write((_MAGIC + len(packed).to_bytes(8, "little") + packed).ljust(begin, b"\0"))
                for part in parts:
                    file.write(memoryview(part.buffer)[part.begin : part.begin + part.blocks * _BLOCK])
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path) -> tuple[Filter, Head] | None:
        """Return what ``save`` wrote, None when there is no such file or it is damaged.

        Its pages are shared by all processes that loaded it, as long as nothing is added to them.
        """
        try:
            with path.open("rb") as file:
                start = file.read(len(_MAGIC) + 8)
                length = int.from_bytes(start[len(_MAGIC) :], "little")
                head = msgspec.json.decode(file.read(min(length, 1 << 24)), type=Head)
                size = os.fstat(file.fileno()).st_size
                begin = -(-(len(_MAGIC) + 8 + length) // _PAGE) * _PAGE
                if not start.startswith(_MAGIC) or size != begin + sum(head.blocks) * _BLOCK or not head.blocks:
                    return None
                buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except (OSError, ValueError, msgspec.DecodeError):
            return None
        parts = []
        for blocks, members in zip(head.blocks, head.members, strict=True):
            parts.append(_Part(buffer, begin, blocks, members))
            begin += blocks * _BLOCK
        return cls(parts=parts), head


def _part(members: int) -> _Part:
    blocks = -(-max(members, LEAST) * _BITS // (_BLOCK * 8))
    return _Part(bytearray(blocks * _BLOCK), 0, blocks)


def _mask(digest: bytes) -> int:
    """Return the bits of a member in its block; what follows them in the digest chooses the block."""
    mask = 0
    for each in digest[:_PROBES]:
        mask |= _BIT[each]
    return mask
