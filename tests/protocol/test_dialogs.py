"""Golden dialogs: text files played against the server machine.

``! key=value`` changes the listener; ``C:`` is a line from the client, ``c:`` octets with Python escapes; lines of the
client that follow each other arrive in one piece. ``S:`` is the start of a reply line, ``S$`` the end of the session,
``T`` a finished handshake, ``M:`` a message that was taken, as a Python literal without quotes.
"""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest

from estafette.base.errors import Refusal
from estafette.smtp.events import Auth, Closed, DataChunk, MessageEnd, RcptTo, Reset
from estafette.smtp.server import ServerConfig, ServerConnection

FOLDER = Path(__file__).parents[1] / "data" / "dialogs"


class Player:
    def __init__(self, config):
        self.connection = ServerConnection(config)
        self.connection.greet()
        self.out, self.messages, self.body, self.closed = bytearray(self.connection.take_output()), [], b"", False

    def send(self, data):
        self.connection.receive(data)
        while (event := self.connection.next_event()) is not None:
            self.answer(event)
        self.out += self.connection.take_output()

    def answer(self, event):
        connection = self.connection
        if isinstance(event, DataChunk):
            self.body += event.data
        elif isinstance(event, Reset):
            self.body = b""
        elif isinstance(event, Closed):
            self.closed = True
        elif isinstance(event, MessageEnd):
            self.messages.append(self.body)
            self.body = b""
            connection.accept("queued as X")
        elif isinstance(event, Auth) and event.exposed:
            connection.refuse(Refusal(538, "5.7.11", "authentication needs TLS"))
        elif isinstance(event, Auth) and (event.username, event.password) != ("user", b"pass"):
            connection.refuse(Refusal(535, "5.7.8", "authentication failed"))
        elif isinstance(event, RcptTo) and event.address.local == "refused":
            connection.refuse(Refusal(550, "5.7.1", "refused"))
        elif connection.waiting:
            connection.accept()

    def expect(self, line, where):
        got, separator, rest = bytes(self.out).partition(b"\r\n")
        assert separator, f"{where}: expected {line!r}, no reply"
        assert got.decode().startswith(line), f"{where}: expected {line!r}, got {got!r}"
        self.out[:] = rest


def raw(text):
    return ast.literal_eval(f'b"""{text}"""') if text else b""


def play(path):
    settings = {"hostname": "mx.test"}
    player, pending = None, b""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        mark, text, where = line[:2], line[3:], f"{path.name}:{number}"
        if mark == "! ":
            settings |= {k: ast.literal_eval(v) for k, _, v in (w.partition("=") for w in line[2:].split())}
            continue
        player = player or Player(msgspec.convert(settings, ServerConfig))
        if mark in ("C:", "c:"):
            pending += text.encode() + b"\r\n" if mark == "C:" else raw(text)
            continue
        if pending:
            assert not player.out, f"{where}: replies left over {bytes(player.out)!r}"
            player.send(pending)
            pending = b""
        if mark == "S:":
            player.expect(text, where)
        elif mark == "S$":
            assert player.closed, f"{where}: still open"
        elif mark == "M:":
            assert player.messages.pop(0) == raw(text), where
        elif line == "T":
            player.connection.tls_started()
    assert not pending
    assert not player.out, f"{path.name}: replies left over {bytes(player.out)!r}"
    assert not player.messages, f"{path.name}: a message nobody expected"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.dialog")), ids=lambda path: path.stem)
def test_dialog(path):
    play(path)


NOT_THE_END = [
    b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n\0.\r\n", b"\r\n.\r\r\n", b"\r\r\n.\r\r\n", b"\r\n.\n", b"\r\n.\r", b"\n\n.\r\n\r\n",
]  # fmt: skip
REST = b"MAIL FROM:<evil@b.de>\r\nRCPT TO:<c@d.de>\r\nDATA\r\nsmuggled\r\n.\r\n"


@pytest.mark.parametrize("end", NOT_THE_END)
@pytest.mark.parametrize("rule", ["reject", "normalize"])
@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_nothing_but_crlf_dot_crlf_ends_data(end, rule, size):
    player = Player(ServerConfig(hostname="mx.test", auth=False, bare_newline=rule))
    player.send(b"EHLO x\r\n")
    player.send(b"MAIL FROM:<a@b.de>\r\nRCPT TO:<c@d.de>\r\nDATA\r\n")
    player.out.clear()
    data = b"first" + end + REST
    for at in range(0, len(data), size):
        player.send(data[at : at + size])
    clean = b"\r" not in end.replace(b"\r\n", b"") and b"\n" not in end.replace(b"\r\n", b"")
    if rule == "reject" and not clean:
        assert player.messages == []
        assert player.out == b"550 5.6.0 a line ends in CRLF, no bare CR or LF (RFC 5321 section 2.3.8)\r\n"
    else:
        assert len(player.messages) == 1
        kept = player.messages[0]
        assert kept.count(b"\r") == kept.count(b"\n") == kept.count(b"\r\n")
        assert b"smuggled" in kept
        assert player.out == b"250 2.0.0 queued as X\r\n"
