from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.smtp.handover import Handover


def opened(*, lmtp: bool = False) -> Handover:
    talk = Handover(helo="us.test", lmtp=lmtp)
    talk.receive(b"220 hello\r\n", 0.0)
    assert talk.take() == (b"LHLO us.test\r\n" if lmtp else b"EHLO us.test\r\n")
    talk.receive(b"250-far\r\n250-SIZE 1000\r\n250 8BITMIME\r\n", 0.0)
    assert settled(talk)
    assert talk.failure is None
    return talk


def settled(talk: Handover) -> bool:
    """Return it anew: mypy takes a property for something that stays."""
    return talk.settled


def test_each_command_has_its_answer() -> None:
    talk = opened()
    talk.ask("mail", "MAIL FROM:<>")
    assert talk.take() == b"MAIL FROM:<>\r\n"
    assert not settled(talk)
    talk.receive(b"250-2.1.0 fi", 0.0)
    talk.receive(b"ne\r\n250 2.1.0 really\r\n", 0.0)
    assert settled(talk)
    assert [(each.code, each.enhanced) for each in talk.replies] == [(250, "2.1.0")]
    assert talk.offer.size == 1000


def test_lmtp_answers_each_recipient_apart_and_smtp_all_together() -> None:
    for lmtp, replies in ((True, b"250 2.0.0 a\r\n452 4.2.2 b\r\n550 5.2.1 c\r\n"), (False, b"250 2.0.0 all\r\n")):
        talk = opened(lmtp=lmtp)
        talk.hand(b"A: b\r\n\r\n.x\r\n", 3)
        assert talk.take() == b"A: b\r\n\r\n..x\r\n.\r\n"
        talk.receive(replies[:-3], 0.0)
        assert not settled(talk)
        talk.receive(replies[-3:], 0.0)
        assert settled(talk)
        assert [each.code for each in talk.replies] == ([250, 452, 550] if lmtp else [250])


def test_an_lmtp_server_that_knows_no_lhlo_is_not_greeted_otherwise() -> None:
    talk = Handover(helo="us.test", lmtp=True)
    talk.receive(b"220 hello\r\n", 0.0)
    talk.take()
    talk.receive(b"500 what?\r\n", 0.0)
    assert talk.failure is not None
    assert talk.take() == b""


@pytest.mark.parametrize(
    "said",
    [b"354 go on\r\n", b"hello\r\n", b"250 ok\r\n250 and more\r\n", b"x" * 9000, b"421 4.3.2 bye\r\n", b"199 huh\r\n"],
)
def test_a_peer_that_breaks_the_protocol_is_over(said: bytes) -> None:
    talk = opened()
    talk.ask("rcpt", "RCPT TO:<a@b.test>")
    talk.receive(said, 0.0)
    assert talk.want == "close"
    assert talk.failure is not None


def test_what_was_said_before_the_handshake_is_not_believed_after_it() -> None:
    talk = Handover(helo="us.test", lmtp=False)
    talk.receive(b"220 hello\r\n", 0.0)
    talk.receive(b"250-far\r\n250 STARTTLS\r\n", 0.0)
    assert talk.take().endswith(b"STARTTLS\r\n")
    talk.receive(b"220 go\r\n250 injected\r\n", 0.0)
    assert talk.failure is not None
    assert talk.failure.reason == "starttls_injection"


def test_the_offer_under_tls_is_the_one_that_counts() -> None:
    talk = Handover(helo="us.test", lmtp=True)
    talk.receive(b"220 hello\r\n", 0.0)
    talk.receive(b"250-far\r\n250-SIZE 5\r\n250 STARTTLS\r\n", 0.0)
    talk.receive(b"220 go\r\n", 0.0)
    assert talk.want == "tls"
    talk.take()
    talk.secured(0.0)
    assert talk.take() == b"LHLO us.test\r\n"
    talk.receive(b"250 far\r\n", 0.0)
    assert settled(talk)
    assert talk.secure
    assert talk.offer.size == 0


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_no_octets_raise(pieces: list[bytes]) -> None:
    talk = opened(lmtp=True)
    talk.hand(b"x\r\n", 2)
    for piece in pieces:
        talk.receive(piece, 0.0)
    assert len(talk.replies) <= 3
