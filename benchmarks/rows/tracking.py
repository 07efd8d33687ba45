"""Rewriting: what it costs a message, what hostile pages cost, and the service end to end with every link measured."""

from __future__ import annotations

import statistics
import time

from benchmarks.load import Measured, measure
from benchmarks.peers.estafette import Estafette
from benchmarks.rows.row import FOLDER, Row, rsa_ms, spread
from estafette.base.seal import Keyring
from estafette.mail.headers import Head
from estafette.mail.overlong import quoted_printable
from estafette.model.message import Content, Delivery
from estafette.relay.preparation import rewriting
from estafette.tracking import html
from estafette.tracking.edit import applied
from estafette.tracking.writer import Writer

LINKS = 24
SIZE = 10_240
HOSTILE = 10 << 20
_MESSAGES = 6000
_BATCHES = 40
_EACH = 25
_ROW = (
    '<tr><td style="padding:8px 16px;font:14px/1.5 Arial,sans-serif;color:#333333" align="left" valign="top">'
    '<a href="https://shop.example/products/blue-widget-{0}?ref=newsletter&amp;item={0}" target="_blank" '
    'style="color:#0055aa;text-decoration:none">Product number {0}</a><br>A short text that says what it is</td></tr>\r\n'
)
_FILLING = '<p style="margin:0">Some more text here, seventy octets in a line or so.</p>\r\n'
_UNITS = (
    b"<!--", b"<!-->", b"<!-- - -->", b"<title>", b"<title></title>", b"<", b'<a href="', b"<a href='x' ", b"<b>", b"<a>",
    b"<a >", b"</", b"<svg></svg>", b"<script><!--</script>", b"<noscript></noscript>", b"='", b"<x a=b c='d' >",
    b'<a href="http://x.example/">x</a>',
)  # fmt: skip


def tracking(rounds: int) -> list[Row]:
    """Measure the step alone, with its tokens, then the whole way of a message."""
    plain, quoted = ([_rewrite(message) for _ in range(rounds)] for message in (_message(), _message(quoted=True)))
    worst = [max(map(_hostile, _UNITS)) for _ in range(rounds)]
    runs, signatures = _whole_way(rounds)
    cpu = [run.cpu_ms for run in runs]
    return [
        Row(f"rewriting, CPU us for 10 KiB with {LINKS} links", "<= 250", spread(plain), min(plain) <= 250),
        Row("rewriting, the same in quoted-printable", "-", spread(quoted), True),
        Row("rewriting, CPU s for the worst 10 MiB of markup", "< 1", spread(worst), max(worst) < 1),
        Row("end to end with tracking, CPU ms per message", "<= 1.3", spread(cpu), statistics.median(cpu) <= 1.3),
        Row("end to end with tracking, CPU ms of one RSA signature", "-", spread(signatures), True),
        Row("end to end with tracking, messages per second", "-", spread([run.rate for run in runs]), True),
    ]


def _page() -> bytes:
    page = "<!DOCTYPE html><html><head><title>News</title><style>td{margin:0}</style></head><body><table width=600>\r\n"
    page += "".join(_ROW.format(number) for number in range(LINKS)) + "</table>\r\n"
    page += _FILLING * ((SIZE - len(page) - 20) // len(_FILLING)) + "</body></html>\r\n"
    return page.encode()


def _message(*, quoted: bool = False) -> bytes:
    encoding = b"quoted-printable" if quoted else b"7bit"
    page = quoted_printable(_page()) if quoted else _page()
    return (
        b"From: Shop <from@bench.example>\r\nTo: to@d0.example\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\n"
        b"Message-ID: <1@bench.example>\r\nSubject: bench\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative;"
        b" boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nNews\r\n--b\r\nContent-Type: text/html;"
        b" charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n%b\r\n--b--\r\n" % (encoding, page)
    )


def _rewrite(message: bytes) -> float:
    """Return the CPU microseconds of one recipient's message, nothing kept from another: the best of many batches."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    writer = Writer(Keyring.create(FOLDER / "keyring"), "https://t.bench.example")
    content = Content(
        id=1 << 60, tenant="t_0123456789abc", stream="bulk", kind="bulk", credential="c", sender="from@bench.example",
        header_from="bench.example", size=len(message), accepted=0.0, body=message, campaign="spring", tracking="individual",
    )  # fmt: skip
    delivery = Delivery(
        1 << 60, 1, content.tenant, "bulk", 2, "d0.example", "d0.example", "to@d0.example", "default", 0.0, 0.0, 9.0, 1,
        "bench.example", tracking="individual",
    )  # fmt: skip
    head = Head.parse(message)
    best = float("inf")
    for _ in range(_BATCHES):
        began = time.process_time()
        for _ in range(_EACH):
            applied(message, rewriting.edits(content, delivery, writer, head, lambda: message))
        best = min(best, (time.process_time() - began) / _EACH)
    return best * 1e6


def _hostile(unit: bytes) -> float:
    page = unit * (HOSTILE // len(unit))
    began = time.process_time()
    html.scan(page)
    return time.process_time() - began


class _Tracked(Estafette):
    """Measures every recipient of the stream that the load is sent by."""

    def prepare(self) -> None:
        super().prepare()
        self.cli("stream", "update", "transactional", "--tenant", self.tenant, "--tracking", "individual")


def _whole_way(rounds: int) -> tuple[list[Measured], list[float]]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "message"
    file.write_bytes(_message().replace(b"\r\n", b"\n"))
    runs, signatures = [], []
    for _ in range(rounds):
        signatures.append(rsa_ms())
        runs.append(measure(_Tracked(FOLDER, mode="dkim"), "e2e", _MESSAGES, file=file))
    return runs, signatures
