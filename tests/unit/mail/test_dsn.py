from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.dsn import Report, Told, write
from estafette.mail.fixups import safe_lines
from estafette.mail.quote import from_xtext, one_line, typed_address

GOLDEN = Path(__file__).parents[2] / "data" / "reports"


def told(action, status, words, **more):
    return Told(address="zoé@b.example", action=action, status=status, words=words, at=1.6e9, **more)


def report(*items, **changes):
    facts = {
        "hostname": "mx.example", "to": "a@a.example", "at": 1.7e9, "message_id": "<1@mx.example>",
        "boundary": "report-1", "arrival": 1.5e9, "told": items, "returned": b"Subject: x\r\n",
    }  # fmt: skip
    return write(Report(**{**facts, **changes}))


def test_failure_is_written_as_the_golden_one():
    item = told("failed", "5.1.1", "550 5.1.1 no such user", remote="mx.b.example", orcpt="rfc822;z@b.example")
    assert report(item, envid="e1") == (GOLDEN / "failed.eml").read_bytes()


def test_delay_is_written_as_the_golden_one():
    item = told("delayed", "4.2.2", "452 4.2.2 mailbox full", until=1.8e9)
    assert report(item) == (GOLDEN / "delayed.eml").read_bytes()


def test_relayed_whole_message_is_written_as_the_golden_one():
    item = told("relayed", "2.0.0", "250 ok")
    whole = "Subject: é\r\n\r\nbody\r\n".encode()
    assert report(item, returned=whole, whole=True) == (GOLDEN / "relayed.eml").read_bytes()


@pytest.mark.parametrize(
    ("language", "said", "unsaid"),
    [("fr", b"Message en attente", b"Message delayed"), ("en", b"Message delayed", b"Message en attente")],
)
def test_people_are_told_in_their_language_alone(language, said, unsaid):
    item = told("delayed", "4.2.2", "452 4.2.2 mailbox full", until=1.8e9)
    both, one = report(item), report(item, language=language)
    assert said in both
    assert unsaid in both
    assert said in one
    assert unsaid not in one
    assert b"* * *" not in one
    assert one.partition(b"message/delivery-status")[2] == both.partition(b"message/delivery-status")[2]


@given(st.text(max_size=200), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_remote_words_never_change_the_structure(words, remote, orcpt, envid):
    body = report(told("failed", "5.0.0", words, remote=remote, orcpt=orcpt), envid=envid)
    assert safe_lines(body) is body
    assert body.count(b"\r\n--report-1") == 4
    assert body.count(b"\r\nFinal-Recipient: ") == 1


@given(st.text(max_size=100))
def test_words_become_one_printable_line(text):
    for line in (one_line(text), from_xtext(text), typed_address(text)):
        assert line.isascii()
        assert line.isprintable()


def test_xtext():
    assert from_xtext("a+2Bb+0D+0Ac") == "a+b??c"
