"""A submission over the running service's Unix socket: plain SMTP, where the kernel says who speaks."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

#: Seconds for one reply; a disk that is slow makes it durable within these.
PATIENCE = 120.0
Step = Literal["open", "sender", "recipient", "message"]


class Refused(Exception):
    """The service said no. code: SMTP reply code. step: to what."""

    def __init__(self, code: int, text: str, step: Step = "message") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.step = step


class NoService(OSError):
    """Nobody answers at the socket; nothing was handed in."""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What is handed in. notify, returned: NOTIFY and RET of RFC 3461, "" for none."""

    sender: str
    recipients: Sequence[str]
    message: bytes
    notify: str = ""
    returned: str = ""


def transact(place: Path, parcel: Parcel) -> str:
    """Hand a message in; return its id. All recipients get it or none does: Refused with the first reply that is a no.

    NoService, PermissionError before anything was said; OSError when the connection ended, so that nobody knows.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(PATIENCE)
        try:
            channel.connect(str(place))
        except PermissionError:
            raise
        except OSError as error:
            raise NoService(error.errno, error.strerror) from None
        with channel.makefile("rwb") as file:
            return _spoken(cast("BinaryIO", file), parcel)


def _spoken(stream: BinaryIO, parcel: Parcel) -> str:
    _expect(stream, b"", 220, "open")
    _expect(stream, b"EHLO localhost", 250, "open")
    wide = b"" if parcel.message.isascii() else b" BODY=8BITMIME"
    foreign = b"" if "".join([parcel.sender, *parcel.recipients]).isascii() else b" SMTPUTF8"
    returned = f" RET={parcel.returned}".encode() if parcel.returned else b""
    notify = f" NOTIFY={parcel.notify}".encode() if parcel.notify else b""
    path = _path(parcel.sender, "sender")
    _expect(stream, b"MAIL FROM:<" + path + b">" + wide + foreign + returned, 250, "sender")
    for recipient in parcel.recipients:
        _expect(stream, b"RCPT TO:<" + _path(recipient, "recipient") + b">" + notify, 250, "recipient")
    _expect(stream, b"DATA", 354)
    stream.write(stuffed(parcel.message))
    reply = _expect(stream, b".", 250)
    stream.write(b"QUIT\r\n")
    stream.flush()
    return reply.rpartition(" ")[2]


def stuffed(message: bytes) -> bytes:
    """Return the message with CRLF lines and leading dots doubled (RFC 5321 section 4.5.2)."""
    lines = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    return b"".join(b"." + line + b"\r\n" if line.startswith(b".") else line + b"\r\n" for line in lines)


def _path(address: str, step: Step) -> bytes:
    if any(character in address for character in "\r\n<>") or not address.isprintable():
        raise Refused(553, f"{address!r} is no address", step)
    return address.encode()


def _expect(stream: BinaryIO, command: bytes, wanted: int, step: Step = "message") -> str:
    """Send a command, read its reply to the last line; Refused unless it has the wanted code."""
    if command:
        stream.write(command + b"\r\n")
        stream.flush()
    while True:
        line = stream.readline(4096).decode("utf-8", "replace").rstrip("\r\n")
        if len(line) < 3 or not line[:3].isdigit():
            raise ConnectionError("the connection ended")
        if line[3:4] != "-":
            break
    if int(line[:3]) != wanted:
        raise Refused(int(line[:3]), line, step)
    return line
