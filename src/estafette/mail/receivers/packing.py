"""Takes a report out of gzip (RFC 1952) or ZIP (APPNOTE 6.3.10 sections 4.3.6 to 4.3.16), within bounds.

The ZIP form is read here and not by ``zipfile``: that reads a whole directory, however long, before it says a word.
Only what reports are made of is read: one file, stored or deflated.
"""

from __future__ import annotations

import struct
import zlib

from estafette.mail.receivers.fault import Unreadable

#: Octets of a report once it is unpacked, and files of an archive.
UNPACKED = 24 * 1024 * 1024
ENTRIES = 8
_GZIP, _ZIP, _EMPTY_ZIP = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06"
_OTHERS = (b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf", b"Rar!", b"(\xb5/\xfd")
_MEMBERS = 16
_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_COMMENT = 65_535
_STORED, _DEFLATED, _ENCRYPTED = 0, 8, 0x2041


def packed(octets: bytes) -> bool:
    """Whether octets begin like an archive, one that is read or another."""
    return octets.startswith((_GZIP, _ZIP, _EMPTY_ZIP, *_OTHERS))


def unpack(octets: bytes, most: int = UNPACKED) -> bytes:
    """Return what is inside, or the octets themselves when they are not packed; Unreadable.

    Never more than ``most`` octets are made, whatever the archive claims: not even one of them is made for a file that
    says it is larger.
    """
    if octets.startswith(_GZIP):
        found = _gunzip(octets, most)
    elif octets.startswith((_ZIP, _EMPTY_ZIP)):
        found = _unzip(octets, most)
    else:
        found = octets
    if packed(found):
        raise Unreadable("archive", "an archive in an archive, or of a form that is not read")
    if len(found) > most:
        raise _too_large(most)
    return found


def _too_large(most: int) -> Unreadable:
    return Unreadable("too_large", f"more than {most} octets when unpacked")


def _gunzip(octets: bytes, most: int) -> bytes:
    made, rest = b"", octets
    for _ in range(_MEMBERS):
        part, rest = _inflate(rest, 31, most - len(made), most)
        made += part
        if not rest.startswith(_GZIP):  # padding after the last member is ignored (RFC 1952 section 2.2)
            return made
    raise Unreadable("archive", f"more than {_MEMBERS} members")


def _inflate(octets: bytes, form: int, room: int, most: int) -> tuple[bytes, bytes]:
    """Return what a stream makes, at most ``room`` octets, and what follows the stream."""
    machine = zlib.decompressobj(form)
    try:
        made = machine.decompress(octets, room + 1)
        if len(made) > room:
            raise _too_large(most)
    except zlib.error as error:
        raise Unreadable("damaged", f"the packed data are damaged: {error}") from None
    if not machine.eof:
        raise Unreadable("damaged", "the packed data end too early")
    return made, machine.unused_data


def _unzip(octets: bytes, most: int) -> bytes:
    try:
        flags, method, size, length, at = _only_file(octets)
    except struct.error:
        raise Unreadable("damaged", "the archive is damaged") from None
    if flags & _ENCRYPTED:
        raise Unreadable("archive", "an encrypted archive")
    if length > most:
        raise _too_large(most)
    data = octets[at : at + size]
    if len(data) < size:
        raise Unreadable("damaged", "the archive ends too early")
    if method == _STORED:
        return data
    if method != _DEFLATED:
        raise Unreadable("archive", f"a method of packing that is not read: {method}")
    return _inflate(data, -15, most, most)[0]


def _only_file(octets: bytes) -> tuple[int, int, int, int, int]:
    """Return flags, method, packed size, size and place of the data of the one file inside."""
    end = octets.rfind(b"PK\x05\x06", max(0, len(octets) - _END.size - _COMMENT))
    if end < 0:
        raise Unreadable("damaged", "the archive has no directory")
    _, disk, first, here, count, size, at, _ = _END.unpack_from(octets, end)
    if disk or first or here != count or count > ENTRIES or at + size > end:
        raise Unreadable("archive", f"an archive of several parts, or of more than {ENTRIES} files")
    files = []
    for _ in range(count):
        mark, _, _, flags, method, _, _, _, packed_size, length, *lengths = _ENTRY.unpack_from(octets, at)
        name_length, extra, comment, _, _, _, place = lengths
        if mark != b"PK\x01\x02":
            raise Unreadable("damaged", "the directory of the archive is damaged")
        name = octets[at + _ENTRY.size : at + _ENTRY.size + name_length]
        at += _ENTRY.size + name_length + extra + comment
        if not name.endswith(b"/") and not name.startswith(b"__MACOSX/"):
            files.append((flags, method, packed_size, length, place))
    if len(files) != 1:
        raise Unreadable("archive", f"an archive of {len(files)} files; a report is one")
    flags, method, packed_size, length, place = files[0]
    mark, *_, name_length, extra = _LOCAL.unpack_from(octets, place)
    if mark != _ZIP:
        raise Unreadable("damaged", "the archive is damaged")
    return flags, method, packed_size, length, place + _LOCAL.size + name_length + extra
