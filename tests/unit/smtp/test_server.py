"""Laws of the server machine: the cut of the input does not matter, memory stays bounded, garbage ends tidily."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import Refusal
from estafette.smtp.events import Auth, Closed, DataChunk, MessageEnd, RcptTo, Reset
from estafette.smtp.server import ServerConfig, ServerConnection


def run(groups, cuts, **config):
    """Play groups of octets, each cut at the given distance; return (replies, messages, closed)."""
    connection = ServerConnection(ServerConfig(hostname="h", **{"auth": False, **config}))
    connection.greet()
    out, messages, body, closed = connection.take_output(), [], b"", False
    for group, cut in zip(groups, cuts, strict=True):
        for at in range(0, len(group), cut):
            connection.receive(group[at : at + cut])
            while (event := connection.next_event()) is not None:
                if isinstance(event, DataChunk):
                    body += event.data
                elif isinstance(event, MessageEnd):
                    messages.append(body)
                elif isinstance(event, Closed):
                    closed = True
                if isinstance(event, MessageEnd | Reset):
                    body = b""
                if connection.waiting:
                    connection.accept("queued")
            out += connection.take_output()
    return out, messages, closed


def stuffed(text):
    return (
        (b"\r\n" + text).replace(b"\r\n.", b"\r\n..")[2:]
        + (b"" if text.endswith(b"\r\n") or not text else b"\r\n")
        + b".\r\n"
    )


TEXTS = st.lists(
    st.sampled_from([b".", b"..", b"a", b"\r\n", b"\r", b"\n", b"\0", b"x" * 300, b".\r\n"]), max_size=12
).map(b"".join)
CUTS = st.integers(1, 40)


@given(text=TEXTS, cut=CUTS, rule=st.sampled_from(["normalize", "reject"]), chunked=st.booleans())
def test_any_cut_gives_the_same(text, cut, rule, chunked):
    start = b"MAIL FROM:<a@b.de>\r\nRCPT TO:<c@d.de>\r\n"
    if chunked:
        half = len(text) // 2
        chunks = b"BDAT %d\r\n%sBDAT %d LAST\r\n%s" % (half, text[:half], len(text) - half, text[half:])
        groups = [b"EHLO x\r\n", start + chunks, b"QUIT\r\n"]
    else:
        groups = [b"EHLO x\r\n", start + b"DATA\r\n", text + b"\r\n.\r\n", b"QUIT\r\n"]
    whole = run(groups, [10**6] * len(groups), bare_newline=rule)
    assert run(groups, [cut] * len(groups), bare_newline=rule) == whole
    assert whole[2]


@given(lines=st.lists(st.sampled_from([b"", b".", b"..x", b"text", b".\0", b"y" * 1200, b"a.b." * 20]), max_size=8))
def test_dot_stuffing_is_undone(lines):
    text = b"".join(line + b"\r\n" for line in lines)
    groups = [b"EHLO x\r\n", b"MAIL FROM:<a@b.de>\r\nRCPT TO:<c@d.de>\r\nDATA\r\n", stuffed(text)]
    assert run(groups, [10**6] * 3, bare_newline="reject")[1] == [text]


@given(data=st.binary(max_size=400), cut=CUTS)
def test_garbage_never_raises_and_is_never_a_message(data, cut):
    _, messages, _ = run([b"EHLO x\r\n", data], [100, cut])
    assert messages == []


def test_a_line_of_a_million_octets_is_passed_on_in_bounded_pieces():
    connection = ServerConnection(ServerConfig(hostname="h", auth=False))
    connection.greet()
    sizes, peak = [], 0
    for data in [
        b"EHLO x\r\n",
        b"MAIL FROM:<a@b.de>\r\nRCPT TO:<c@d.de>\r\nDATA\r\n",
        *[b"z" * 10_000] * 100,
        b"z\r\n.\r\n",
    ]:
        connection.receive(data)
        while (event := connection.next_event()) is not None:
            if isinstance(event, DataChunk):
                sizes.append(len(event.data))
            if connection.waiting:
                connection.accept("queued")
        peak = max(peak, connection.buffered)
    assert sum(sizes) == 1_000_003
    assert max(sizes) < 80_000
    assert peak < 70_000
    assert connection.take_output().endswith(b"250 2.0.0 queued\r\n")


def test_an_endless_command_line_is_not_kept():
    connection = ServerConnection(ServerConfig(hostname="h"))
    connection.greet()
    for _ in range(150):
        connection.receive(b"A" * 10_000)
        while connection.next_event() is not None:
            pass
        assert connection.buffered <= 12_288
    assert connection.closed
    assert b"421 4.5.2" in connection.take_output()


def test_a_hundred_thousand_recipients():
    connection = ServerConnection(ServerConfig(hostname="h", auth=False, max_recipients=100))
    connection.greet()
    connection.receive(b"EHLO x\r\n")
    connection.next_event()
    connection.take_output()
    connection.receive(b"MAIL FROM:<a@b.de>\r\n" + b"RCPT TO:<c@d.de>\r\n" * 100_000)
    asked = 0
    while (event := connection.next_event()) is not None:
        asked += isinstance(event, RcptTo)
        if connection.waiting:
            connection.accept()
    answers = connection.take_output().split(b"\r\n")[1:-1]
    assert asked == 100
    assert [a[:9] for a in answers] == [b"250 2.1.5"] * 100 + [b"452 4.5.3"] * 100 + [b"421 4.5.3"]


@pytest.mark.parametrize(("sent", "code"), [(b"x" * 1100 + b"\r\n.\r\n", b"552 5.3.4"), (b"x" * 2100, b"552 5.3.4")])
def test_a_message_beyond_the_limit(sent, code):
    groups = [
        b"EHLO x\r\n",
        b"MAIL FROM:<a@b.de>\r\nRCPT TO:<c@d.de>\r\nDATA\r\n",
        sent if len(sent) < 2000 else sent * 40,
    ]
    out, messages, closed = run(groups, [10**6] * 3, max_size=1000)
    assert out.splitlines()[-1].startswith(code)
    assert messages == []
    assert closed == (len(sent) > 2000)


def test_an_octet_before_the_banner_closes():
    connection = ServerConnection(ServerConfig(hostname="h"))
    connection.receive(b"EHLO x\r\n")
    assert isinstance(connection.next_event(), Closed)
    assert connection.take_output() == b"554 5.5.0 data sent before it was allowed\r\n"


def test_nothing_said_before_tls_survives_it():
    connection = ServerConnection(ServerConfig(hostname="h", tls=True, plaintext_auth=True))
    connection.greet()
    connection.receive(b"EHLO x\r\n")
    connection.next_event()
    connection.receive(b"AUTH PLAIN AGEAYg==\r\n")
    assert isinstance(connection.next_event(), Auth)
    connection.accept()
    connection.receive(b"STARTTLS\r\n")
    connection.next_event()
    connection.tls_started()
    assert (connection.authenticated, connection.helo, connection.secure) == (False, "", True)


def test_a_refused_log_in_that_is_a_421_closes():
    connection = ServerConnection(ServerConfig(hostname="h", plaintext_auth=True))
    connection.greet()
    connection.receive(b"EHLO x\r\n")
    connection.next_event()
    connection.receive(b"AUTH PLAIN AGEAYg==\r\n")
    connection.next_event()
    connection.refuse(Refusal(421, "4.7.0", "too many failed log-ins", rule="auth_failed"))
    assert connection.next_event() == Closed("auth_failed")


@pytest.mark.parametrize("line", [b"EHLO x\r\n", b"NOOP\r\n", b"RSET\r\n", b"VRFY x\r\n"])
def test_commands_without_a_message_are_limited(line):
    out, _, closed = run([b"EHLO x\r\n", *[line] * 101], [10] * 102)
    assert closed
    assert out.endswith(b"421 4.7.0 too many commands without a message\r\n")
