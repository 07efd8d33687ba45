"""Entry points for the fuzzer: each takes octets and returns, or raises what is a bug."""

from __future__ import annotations

import contextlib
import gzip

from estafette.mail import arf, stencil, words
from estafette.mail.compose import compose
from estafette.mail.excerpt import excerpt
from estafette.mail.fixups import overlong
from estafette.mail.headers import Head
from estafette.mail.mime import spans
from estafette.mail.parts import base64_lines
from estafette.mail.receivers.fault import Unreadable
from estafette.mail.receivers.reader import open_file
from estafette.mail.receivers.reader import read as read_report
from estafette.mail.returns import reader
from estafette.mail.returns.finding import ACTIONS
from estafette.mail.templates.engine import Sheet
from estafette.mail.templates.faults import TemplateFault
from estafette.mail.templates.foreign import brevo, mailjet
from estafette.model.address import AddressError, parse_mailboxes, parse_path
from estafette.model.letter import Mailbox
from estafette.model.recipe import Draft
from estafette.smtp.client import Client
from estafette.smtp.events import DataChunk, MessageEnd
from estafette.smtp.reply import MAX_TEXT, ProtocolFault, ReplyReader
from estafette.smtp.server import ServerConfig, ServerConnection
from estafette.tracking import html
from estafette.tracking.edit import applied
from estafette.tracking.plan import Wish, planned
from estafette.tracking.transfer import opened

#: Run by ``make soak`` alone; the others are short enough for every change.
SOAKED = frozenset({"composition", "rewriting", "template_languages"})
_CONFIGS = [
    ServerConfig(hostname="h", auth=False, bare_newline="reject", max_size=10_000, max_recipients=5),
    ServerConfig(hostname="h", tls=True, plaintext_auth=True, max_size=10_000, errors=1000),
]


def smtp_server(data: bytes) -> None:
    """The first octet chooses the listener and the cut; no message may hold a bare CR or LF, no reply be malformed."""
    config, cut = (_CONFIGS[data[0] & 1], (data[0] >> 1) + 1) if data else (_CONFIGS[0], 1)
    connection = ServerConnection(config)
    connection.greet()
    body, output = b"", b""
    for at in range(1, len(data), cut):
        connection.receive(data[at : at + cut])
        while (event := connection.next_event()) is not None:
            if isinstance(event, DataChunk):
                body += event.data
            elif isinstance(event, MessageEnd):
                assert body.count(b"\r") == body.count(b"\n") == body.count(b"\r\n")
                body = b""
            if connection.waiting:
                connection.accept("queued")
        output += connection.take_output()
    assert all(line[:3].isdigit() and line.isascii() for line in output.splitlines())


def address(data: bytes) -> None:
    """An accepted address is read again as itself; every refusal is an ``AddressError``."""
    with contextlib.suppress(AddressError):
        found = parse_path(data, smtputf8=True)
        assert parse_path(found.text, smtputf8=True).text == found.text
    with contextlib.suppress(AddressError):
        parse_mailboxes(data.decode("utf-8", "surrogateescape"))


def smtp_reply(data: bytes) -> None:
    """The first octet is the cut; the cut changes nothing, every text is short and printable, no client breaks."""
    cut = data[0] + 1 if data else 1
    whole, pieces = _replies(data[1:], len(data) + 1), _replies(data[1:], cut)
    assert whole == pieces
    assert all(text.isprintable() and len(text) <= MAX_TEXT for _, text in whole if text is not None)
    client = Client(helo="h")
    client.receive(data[1:], 0.0)
    client.end("connection_lost")
    assert client.want == "close"


def mime_spans(data: bytes) -> None:
    """Parts lie inside of their multipart, in order, whatever the octets are."""
    parts = spans(b"Content-Type: multipart/mixed; boundary=a\r\n" + data)
    reached: dict[int, int] = {}
    for index, part in enumerate(parts):
        assert reached.get(part.parent, 0) <= part.start <= part.body <= part.stop
        assert part.parent < index
        assert part.parent < 0 or part.stop <= parts[part.parent].stop
        reached[part.parent] = part.stop


def composition(data: bytes) -> None:
    """Whatever stands in a letter's fields, a message has the fields that were meant and no others, or there is none."""
    given = data.decode("utf-8", "surrogateescape").split("\n", 6)
    name, address, subject, field, value, text, html = (*given, *[""] * (7 - len(given)))
    draft = Draft(
        sender=Mailbox("a@x.example", name), to=(Mailbox(address, name),), subject=subject, text=text, html=html,
        headers=((field, value),) if field else (), message_id="m@x.example", seed="s", link_tags="a=b",
    )  # fmt: skip
    try:
        made = compose(draft)
    except (words.BadText, AddressError, UnicodeError):
        return
    head = Head.parse(made)
    meant = ["from", "subject", "date", "mime-version", "to", "message-id", *([field.lower()] if field else [])]
    found = [each[0].decode() for each in head.fields]
    assert found[: len(meant)] == meant
    assert all(each.startswith("content-") for each in found[len(meant) :])
    assert made.count(b"\n") == made.count(b"\r\n") == made.count(b"\r")
    assert max(map(len, made.split(b"\r\n"))) <= 998
    with contextlib.suppress(stencil.Unreadable):
        stencil.filled(made, lambda _, said: said, frozenset())


def template_languages(data: bytes) -> None:
    """What the languages of others become can be read by ours, or is refused; nothing else happens."""
    source = data[1:].decode("utf-8", "replace")
    translate = mailjet.translate if data[:1] < b"\x80" else brevo.translate
    with contextlib.suppress(TemplateFault):
        Sheet([("html", translate(source, "html"))])


def rewriting(data: bytes) -> None:
    """The first octet chooses the encoding; without our addresses the text is what it was, and no line grows too long."""
    encoding = (b"7bit", b"quoted-printable", b"base64")[data[0] % 3] if data else b"7bit"
    head = b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n" % encoding
    message = head + (base64_lines(data[1:]) if encoding == b"base64" else data[1:])
    plan = planned(message, Head.parse(message), Wish("https://t.example"))
    made = applied(message, plan.edits(["https://t.example/c/" + "A" * 250] * len(plan.spots)))
    before, after = (opened(each, len(head), len(each), encoding) for each in (message, made))
    assert made.startswith(head)
    assert plan.spots or made == message
    assert overlong(message) or not overlong(made)
    if made != message:
        assert before is not None
        assert after is not None
        anchors = len(html.scan(before.text).anchors)
        assert len(html.scan(after.text).anchors) == anchors
        assert after.text.count(b"https://t.example/c/") >= len(plan.spots)


def returned(data: bytes) -> None:
    """The first octet chooses the envelope and whether the library is asked; what is found is short and printable."""
    first = data[0] if data else 0
    found = reader.read(
        b"Content-Type: multipart/report; boundary=b\r\n" + data[1:], null=first & 1 == 0, guess=first & 2 == 0
    )
    assert len(found.said) <= 1_000
    for said in found.said:
        assert len(said.text) <= 512
        assert said.text.isprintable()
        assert said.final.isprintable()
        assert said.action in ACTIONS


def receiver_reports(data: bytes) -> None:
    """The first octet chooses XML or JSON, packed or not, as file or by mail; what is read is bounded and printable."""
    kind, rest = (data[0], data[1:]) if data else (0, b"")
    octets = (b"<feedback>", b"{", b"", b"PK\x03\x04")[kind & 3] + rest
    if kind & 4:
        octets = gzip.compress(octets, 1)
    head = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    with contextlib.suppress(Unreadable):
        found = read_report(head + base64_lines(octets)) if kind & 8 else open_file(octets)
        for report in found or ():
            assert report.begin <= report.end
            assert max(map(len, (report.domain, report.reporter, report.report, report.policy))) <= 255
            assert all(row.count >= 0 and row.reason.isprintable() for row in report.rows)


def complaint(data: bytes) -> None:
    """A report of a complaint, and a letter of a person: what is read of either is short, and drives no terminal."""
    found = arf.read(b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n" + data)
    if found is not None:
        told = [found.kind, found.agent, found.programme, *found.recipients, *found.paths, *found.tokens]
        assert all(word.isascii() and word.isprintable() for word in told)
    arf.marks(data)
    said = excerpt(data)
    assert (said.author + said.subject + said.text.replace("\n", "")).isprintable()


def _replies(data: bytes, cut: int) -> list[tuple[int, str | None]]:
    reader = ReplyReader()
    found: list[tuple[int, str | None]] = []
    try:
        for at in range(0, len(data), cut):
            reader.feed(data[at : at + cut])
            while (reply := reader.next()) is not None:
                found.append((reply.code, reply.text))
    except ProtocolFault:
        found.append((0, None))
    return found
