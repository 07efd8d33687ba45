import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.envelope import Recipient
from estafette.smtp.client import Client
from estafette.smtp.login import Login
from estafette.smtp.transaction import Transaction, stuffed, stuffed_pieces


def client(*offer, **more):
    c = Client(helo="me.test", **more)
    c.receive(b"220 hi\r\n", 0.0)
    assert c.take() == b"EHLO me.test\r\n"
    lines = ["x", *offer]
    c.receive("".join(f"250{' ' if line is lines[-1] else '-'}{line}\r\n" for line in lines).encode(), 0.0)
    return c


def transaction(*addresses, **more):
    recipients = [Recipient(a, a.rpartition("@")[2]) for a in addresses or ("u@d.test",)]
    return Transaction(sender="s@a.test", recipients=recipients, size=5, body=more.pop("body", b"x\r\n"), **more)


def test_everything_up_to_data_goes_in_one_write():
    c = client("PIPELINING")
    c.begin(transaction("a@d.test", "b@d.test"))
    assert c.take() == b"MAIL FROM:<s@a.test>\r\nRCPT TO:<a@d.test>\r\nRCPT TO:<b@d.test>\r\nDATA\r\n"
    c.receive(b"250 a\r\n250 b\r\n250 c\r\n354 d\r\n", 0.0)
    assert c.take() == b"x\r\n.\r\n"
    c.receive(b"250 e\r\n", 0.0)
    assert [(a.phase, a.reply.code) for a in c.answers] == [("dot", 250)] * 2
    assert c.reusable


def test_rset_rides_along_after_a_transaction_that_did_not_end_in_250():
    c = client("PIPELINING")
    c.begin(transaction())
    c.take()
    c.receive(b"250 a\r\n250 b\r\n354 c\r\n550 d\r\n", 0.0)
    c.take()
    c.begin(transaction())
    assert c.take().startswith(b"RSET\r\nMAIL")
    c.receive(b"250 r\r\n250 a\r\n250 b\r\n354 c\r\n250 d\r\n", 0.0)
    c.take()
    c.begin(transaction())
    assert c.take().startswith(b"MAIL")


def test_mail_refused_answers_for_all():
    c = client("PIPELINING")
    c.begin(transaction("a@d.test", "b@d.test"))
    c.receive(b"550 5.7.1 no\r\n503 x\r\n503 x\r\n503 x\r\n", 0.0)
    assert [(a.phase, a.reply.enhanced) for a in c.answers] == [("mail", "5.7.1")] * 2
    assert c.reusable


def test_data_refused_answers_for_the_accepted():
    c = client("PIPELINING")
    c.begin(transaction("a@d.test", "b@d.test"))
    c.receive(b"250 a\r\n550 b\r\n250 c\r\n451 d\r\n", 0.0)
    assert [(a.phase, a.reply.code) for a in c.answers] == [("rcpt", 550), ("data", 451)]


def test_a_word_before_the_final_dot_counts_and_closes():
    c = client("PIPELINING")
    c.begin(transaction(body=None, pieces=lambda: iter([b"x"])))
    c.receive(b"250 a\r\n250 b\r\n354 c\r\n", 0.0)
    assert c.want == "body"
    c.receive(b"552 5.3.4 too big\r\n", 0.0)
    assert [(a.phase, a.reply.code) for a in c.answers] == [("data", 552)]
    assert c.want == "close"


@pytest.mark.parametrize(("lines", "phase"), [(b"", "mail"), (b"250 a\r\n", "rcpt"), (b"250 a\r\n250 b\r\n", "data"),
                                              (b"250 a\r\n250 b\r\n354 c\r\n", "dot")])  # fmt: skip
def test_a_lost_connection_tells_how_far_it_came(lines, phase):
    c = client("PIPELINING")
    c.begin(transaction())
    c.receive(lines, 0.0)
    c.end("connection_lost")
    assert [(a.phase, a.reply) for a in c.answers] == [(phase, None)]
    assert not c.reusable


def test_nothing_learnt_before_tls_survives_it():
    c = client("STARTTLS", "PIPELINING", "SIZE 5", tls="required")
    assert c.take() == b"STARTTLS\r\n"
    c.receive(b"220 go\r\n", 0.0)
    assert c.want == "tls"
    c.secured(0.0)
    assert c.take() == b"EHLO me.test\r\n"
    c.receive(b"250 only\r\n", 0.0)
    assert not c.offer.pipelining
    assert c.ready


def test_octets_behind_the_reply_to_starttls():
    c = client("STARTTLS")
    c.receive(b"220 go\r\n2", 0.0)
    assert c.failure.reason == "starttls_injection"


def test_tls_that_must_be_is_not_done_without():
    assert client("PIPELINING", tls="required").failure.reason == "tls_not_offered"


def test_a_password_stays_out_of_sight():
    assert "hunter2" not in repr(Login("u", "hunter2"))


@pytest.mark.parametrize("address", ["a\r\nDATA@d.test", "a\n@d.test", "a\0@d.test", "a\x85@d.test"])
def test_an_envelope_that_cannot_be_said(address):
    c = client("PIPELINING")
    with pytest.raises(ValueError, match="control"):
        c.begin(transaction(address))
    assert c.take() == b""
    assert c.reusable


@given(
    st.lists(st.sampled_from([b"\r\n", b".", b"x", b"\r\n.", b"..", b"\r\n\r\n"]), max_size=30),
    st.lists(st.integers(0, 40), max_size=6),
)
def test_stuffing_does_not_depend_on_the_cut(parts, cuts):
    body = b"".join(parts)
    marks = sorted({0, len(body), *(c for c in cuts if c < len(body))})
    pieces = [body[a:b] for a, b in itertools.pairwise(marks)]
    assert b"".join(stuffed_pieces(pieces)) == stuffed(body)


@given(st.lists(st.sampled_from([b"\r\n", b".", b"x", b"y z"]), max_size=30))
def test_stuffing_is_undone_by_the_rule_of_the_receiver(parts):
    body = b"".join(parts)
    wire = stuffed(body)
    assert wire.endswith(b".\r\n")
    lines = wire.split(b"\r\n")
    assert lines.index(b".") == len(lines) - 2
    back = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines[:-2])
    assert back + b"\r\n" == (body if body.endswith(b"\r\n") else body + b"\r\n") or not body


@given(st.lists(st.sampled_from([b"220 a\r\n", b"250 a\r\n", b"250-PIPELINING\r\n", b"354 a\r\n", b"421 a\r\n", b"550 a\r\n",
                                 b"250 STARTTLS\r\n", b"334 \r\n", b"150 x\r\n", b"250", b"\xff\r\n"]), max_size=25))  # fmt: skip
def test_no_dialogue_upsets_the_client(dialogue):
    c = Client(helo="me.test", login=Login("u", "p"), tls="opportunistic")
    for data in dialogue:
        c.receive(data, 0.0)
        c.take()
        if c.want == "tls":
            c.secured(0.0)
        if c.reusable:
            c.begin(transaction("a@d.test", "b@d.test"))
    c.end("connection_lost")
    assert c.want == "close"
    assert len(c.answers) in (0, 2)
