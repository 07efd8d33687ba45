"""Rewriting as a step of the recipe: late, pure, and under the signature."""

import base64
import io
import quopri
import re
from email import message_from_bytes, policy

import hypothesis
import pytest
from hypothesis import strategies as st
from tests.unit.relay.preparation.test_prepare import BODY, context, verified
from tests.unit.relay.preparation.test_prepare import content as letter
from tests.unit.relay.preparation.test_prepare import delivery as row

from estafette.base.seal import Keyring
from estafette.model.letter import Mailbox, Person
from estafette.model.recipe import Draft, Recipe, pack
from estafette.relay.preparation import rewriting
from estafette.relay.preparation.prepare import prepare, prepare_streamed, shares_transaction
from estafette.tracking import token
from estafette.tracking.writer import Writer

PAGE = (
    b"From: a@a.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<p><a href="http://x.example/1">x</a> <a href="estafette:unsubscribe">u</a></p>\r\n'
)
LINK = re.compile(rb'href="https://t\.example/([cu])/([\w-]+)"')


@pytest.fixture(scope="module")
def keyring(tmp_path_factory):
    return Keyring.create(tmp_path_factory.mktemp("keys") / "keyring")


@pytest.fixture
def given(keyring):
    """Return a context that writes addresses."""
    base = context()
    return type(base)(
        mac=base.mac, return_path_domain=base.return_path_domain, keys=base.keys, service_keys=base.service_keys,
        now=base.now, writer=Writer(keyring, "https://t.example"),
    )  # fmt: skip


def content(body=PAGE, **changes):
    return letter(body=body, **{"kind": "bulk", "campaign": "may", **changes})


def delivery(number, mode="individual"):
    made = row(number)
    return type(made)(*[getattr(made, name) for name in made.__struct_fields__[:-1]], mode)


def stored_part(message: bytes) -> bytes:
    """Return what follows our own fields."""
    return message[message.index(b"From: ") :]


def test_a_signature_covers_what_was_written(given):
    done = prepare(content(), [delivery(1)], given).body
    assert verified(done) == [True, True]
    for field in (b"List-Unsubscribe", b"List-Unsubscribe-Post"):
        assert verified(done.replace(b"\r\n%b:" % field, b"\r\nX:")) == [False, False]


def test_each_recipient_has_addresses_of_its_own_and_each_attempt_the_same(given, keyring):
    first, again, other = (stored_part(prepare(content(), [delivery(n)], given).body) for n in (1, 1, 2))
    assert first == again
    assert first != other
    click, unsubscribe = (token.read(keyring, each[1].decode()) for each in LINK.findall(other))
    assert (click.number, click.url) == (2, "http://x.example/1")
    assert (unsubscribe.kind, unsubscribe.number) == ("unsubscribe", 2)


def test_in_aggregate_all_is_equal_but_the_own_links(given):
    bodies = [stored_part(prepare(content(), [delivery(n, "aggregate")], given).body) for n in (1, 2)]
    clicks, own = zip(*(LINK.findall(body) for body in bodies), strict=True)
    assert clicks[0] == clicks[1]
    assert own[0] != own[1]
    assert len({LINK.sub(b"", body) for body in bodies}) == 1


@pytest.mark.parametrize("mode", ["off", "aggregate", "individual"])
@pytest.mark.parametrize("filler", [0, 300_000])
def test_a_body_in_a_file_gives_the_same_message(given, mode, filler):
    whole = PAGE + b"<p>some text</p>\r\n" * (filler // 18)
    stored = content(body=b"", file="f", size=len(whole))
    stream = prepare_streamed(stored, [delivery(2, mode)], given, io.BytesIO(whole))
    once = prepare(content(body=whole), [delivery(2, mode)], given)
    assert b"".join(stream.pieces()) == once.body
    assert stream.size == len(once.body)
    assert b"https://t.example/u/" in once.body


def test_a_file_too_large_is_only_given_its_fields(given, monkeypatch):
    monkeypatch.setattr("estafette.relay.preparation.prepare.LARGEST", 50)
    stream = prepare_streamed(content(b"", file="f", size=len(PAGE)), [delivery(2)], given, io.BytesIO(PAGE))
    made = b"".join(stream.pieces())
    assert made.endswith(PAGE)
    assert b"List-Unsubscribe: <https://t.example/u/" in made


@pytest.mark.parametrize(
    ("kind", "mode", "changed"),
    [
        ("personal", "off", False), ("personal", "individual", True),
        ("transactional", "off", True), ("transactional", "individual", True), ("bulk", "off", True),
    ],
)  # fmt: skip
def test_a_persons_letter_that_is_not_measured_stays(given, kind, mode, changed):
    made = prepare(content(kind=kind), [delivery(1, mode)], given).body
    assert (not made.endswith(PAGE)) is changed


@pytest.mark.parametrize(
    ("kind", "field", "has"),
    [
        ("bulk", b"", True), ("transactional", b"", False), ("personal", b"", False),
        ("bulk", b"List-Unsubscribe: <mailto:u@a.example>\r\n", False), ("bulk", b"DKIM-Signature: v=1\r\n", False),
    ],
)  # fmt: skip
def test_bulk_mail_can_be_unsubscribed_by_one_click(given, keyring, kind, field, has):
    made = message_from_bytes(
        prepare(content(field + BODY, kind=kind), [delivery(7, "off")], given).body, policy=policy.default
    )
    assert (made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click") is has
    if has:
        target = token.read(keyring, made["List-Unsubscribe"].strip("<>").removeprefix("https://t.example/u/"))
        assert (target.kind, target.number, target.stream, target.message) == ("unsubscribe", 7, "s", 1 << 60)


def test_without_a_writer_nothing_of_ours_is_written():
    assert prepare(content(), [delivery(1)], context()).body.endswith(b"X-Estafette-Id: 1000000000000\r\n" + PAGE)


def test_a_message_is_searched_once_for_all_its_recipients(given, monkeypatch):
    searched = []

    def counted(message, head, wish):
        searched.append(wish)
        return rewriting_planned(message, head, wish)

    rewriting_planned = rewriting.planned
    monkeypatch.setattr(rewriting, "planned", counted)
    stored = content(PAGE + b"<!-- once -->", recipients=1000)
    bodies = {stored_part(prepare(stored, [delivery(n)], given).body) for n in range(1, 21)}
    assert len(bodies) == 20
    assert len(searched) == 1
    for number in range(50):
        prepare(content(recipients=2, id=number), [delivery(1)], given)
    assert len(rewriting._plans._kept) <= 16


def test_another_body_under_the_same_id_is_searched_again(given, keyring):
    for url in (b"http://x.example/1", b"http://x.example/22"):
        stored = content(PAGE.replace(b"http://x.example/1", url), recipients=2)
        click, _ = LINK.findall(prepare(stored, [delivery(1)], given).body)
        assert token.read(keyring, click[1].decode()).url == url.decode()


def test_a_late_letter_is_searched_for_each_recipient(given, keyring):
    draft = Draft(
        sender=Mailbox("a@a.example"), subject="x", html='<a href="http://x.example/{{ n }}">x</a>', text="x",
        message_id="m@a.example", seed="s",
    )  # fmt: skip
    people = tuple(Person(Mailbox(f"p{n}@b.example"), {"n": n}) for n in (1, 2))
    stored = content(pack(Recipe(b"", draft, {}, people)), late=True, recipients=2)
    for number in (1, 2):
        (found,) = LINK.findall(prepare(stored, [delivery(number)], given).body)
        assert token.read(keyring, found[1].decode()).url == f"http://x.example/{number}"


def test_nobody_shares_a_transaction_whose_octets_differ():
    assert shares_transaction(content(kind="personal"), delivery(1, "off"))
    assert not shares_transaction(content(kind="personal"), delivery(1, "aggregate"))
    assert not shares_transaction(content(kind="bulk"), delivery(1, "off"))


@hypothesis.given(st.binary(max_size=120), st.sampled_from(["base64", "Quoted-Printable", "8bit"]))
def test_a_word_is_noticed_wherever_it_stands_in_an_encoded_text(before, encoding):
    def message(word: bytes) -> bytes:
        text = before + word
        encode = {"base64": base64.encodebytes, "Quoted-Printable": quopri.encodestring}.get(encoding)
        encoded = encode(text) if encode else text
        return f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + encoded.replace(b"\n", b"\r\n")

    assert rewriting._may_hold_word(message(b"estafette:view"))
    hypothesis.assume(b"estaf" not in before.lower())
    assert not rewriting._may_hold_word(message(b"est@fette-view"))


def test_what_may_not_hold_a_word_is_not_searched(given, monkeypatch):
    monkeypatch.setattr(rewriting, "planned", None)
    assert prepare(content(BODY, kind="transactional"), [delivery(1, "off")], given).body.endswith(BODY)
