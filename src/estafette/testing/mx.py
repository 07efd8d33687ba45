"""A receiving mail server that follows a script, for what real servers do only on a bad day."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import msgspec

from estafette.testing.behaviour import Behaviour, Hangup

Reaction = str | Behaviour
Script = Mapping[str, Reaction | Sequence[Reaction]]

#: What a well-behaved server answers; a script replaces single lines of it.
POLITE: dict[str, str] = {
    "GREETING": "220 mx.scripted.test ESMTP",
    "EHLO": "250-mx.scripted.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 50000000",
    "HELO": "250 mx.scripted.test",
    "STARTTLS": "454 4.7.0 not now",
    "MAIL": "250 2.1.0 sender ok",
    "RCPT": "250 2.1.5 recipient ok",
    "DATA": "354 go on",
    "DOT": "250 2.0.0 accepted",
    "RSET": "250 2.0.0 reset",
    "NOOP": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


class Conversation(msgspec.Struct):
    """One connection as the server saw it. messages.

    Data as received, dots still stuffed, without the final dot.
    """

    commands: list[bytes] = msgspec.field(default_factory=list)
    messages: list[bytes] = msgspec.field(default_factory=list)
    encrypted: bool = False


class ScriptedMx:
    """Listens on (address, port) in threads of its own; use as a context manager.

    script: verb, ``GREETING`` or ``DOT`` -> a reply (without the final CRLF), a behaviour, or a sequence of
    these of
    which each occurrence, over all connections, takes the next and the last repeats. Unnamed verbs get
    ``POLITE``.
    tls: server context; when given, STARTTLS is really done unless the script says otherwise.
    """

    def __init__(
        self, script: Script, address: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._script = {**POLITE, **script}
        self._scripted = frozenset(script)
        self._tls = tls
        self._used: dict[str, int] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._listener = socket.create_server((address, port), backlog=100)
        self.at: tuple[str, int] = self._listener.getsockname()[:2]
        self.conversations: list[Conversation] = []

    @property
    def messages(self) -> list[bytes]:
        """Every message whose final dot arrived, in no promised order between connections."""
        return [message for conversation in list(self.conversations) for message in conversation.messages]

    def _next(self, name: str) -> Reaction:
        choice = self._script.get(name, "502 5.5.1 not scripted")
        if isinstance(choice, str) or not isinstance(choice, Sequence):
            return choice
        with self._lock:
            turn = self._used.get(name, 0)
            self._used[name] = turn + 1
        return choice[min(turn, len(choice) - 1)]

    def _react(self, name: str, line: socket.socket) -> str:
        reaction = self._next(name)
        if isinstance(reaction, str):
            line.sendall(reaction.encode("utf-8", "surrogateescape") + b"\r\n")
            return reaction
        reaction.play(line, self._over)
        return ""

    def _converse(self, line: socket.socket) -> None:
        conversation = Conversation()
        self.conversations.append(conversation)
        try:
            self._react("GREETING", line)
            while command := _read(line, b"\n"):
                conversation.commands.append(command.rstrip(b"\r\n"))
                line = self._command(command, line, conversation)
        except (Hangup, OSError):
            pass
        finally:
            line.close()

    def _command(self, command: bytes, line: socket.socket, conversation: Conversation) -> socket.socket:
        verb = command.split(None, 1)[0].decode("latin-1").upper() if command.split() else ""
        if verb == "STARTTLS" and self._tls is not None and verb not in self._scripted:
            line.sendall(b"220 2.0.0 go ahead\r\n")
            conversation.encrypted = True
            return self._tls.wrap_socket(line, server_side=True)
        reply = self._react(verb, line)
        if verb == "DATA" and reply.startswith("354"):
            if message := _text(line):
                conversation.messages.append(message)
            self._react("DOT", line)
        if verb == "QUIT":
            raise Hangup
        return line

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            line.settimeout(120)
            threading.Thread(target=self._converse, args=(line,), daemon=True).start()

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _text(line: socket.socket) -> bytes:
    """Return a message up to its final dot; b"" for a dot alone, by which a client gives up a refused transaction."""
    first = _read(line, b"\r\n")
    return first + _read(line, b"\r\n.\r\n")[:-3] if first != b".\r\n" else b""


def _read(line: socket.socket, end: bytes) -> bytes:
    """Return octets up to and with ``end``, read singly so that nothing behind it is taken.

    B"" at end of file.
    """
    buffer = bytearray()
    while not buffer.endswith(end):
        ahead = _peek(line)
        if not ahead:
            return b""
        at = (bytes(buffer[-len(end) + 1 :]) + ahead if len(end) > 1 else ahead).find(end)
        kept = len(buffer[-len(end) + 1 :]) if len(end) > 1 else 0
        wanted = len(ahead) if at < 0 else at + len(end) - kept
        buffer += line.recv(wanted)
    return bytes(buffer)


def _peek(line: socket.socket) -> bytes:
    """Look at what has come; a TLS connection cannot be looked into, so one octet is asked of it instead."""
    if isinstance(line, ssl.SSLSocket):
        return b"\0"
    return line.recv(65536, socket.MSG_PEEK)
