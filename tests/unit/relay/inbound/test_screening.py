from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import Refusal
from estafette.model.envelope import Envelope, Recipient
from estafette.net.inquiry import InquiryFault
from estafette.relay.inbound.letter import Letter
from estafette.relay.inbound.rspamd import read_opinion
from estafette.relay.inbound.screening import MOST_HOPS, Screening

BODY = b"From: Ann <ann@far.test>\r\nSubject: x\r\n\r\nHello\r\n"


class Answers:
    """Says what a test has it say, and remembers what it was asked."""

    def __init__(self, said: Any) -> None:
        self._said = said
        self.asked: list[tuple[bytes, list[tuple[str, str]]]] = []

    async def ask(self, body: bytes, headers: Any) -> bytes:
        self.asked.append((body, list(headers)))
        if isinstance(self._said, Exception):
            raise self._said
        return self._said if isinstance(self._said, bytes) else json.dumps(self._said).encode()


def letter(body: bytes = BODY) -> Letter:
    envelope = Envelope("ann@far.test", (Recipient("bob@us.test", "us.test"), Recipient("eve@us.test", "us.test")))
    return Letter(
        message=1, at=1.0, envelope=envelope, body=body, trace=b"Received: x\r\n", address="192.0.2.1", helo="far.test"
    )


async def look(said: Any) -> bytes:
    return await Screening("mx.us.test", Answers(said)).look(letter())


async def test_it_is_told_of_the_session_and_each_recipient() -> None:
    rspamd = Answers({"action": "no action"})
    await Screening("mx.us.test", rspamd).look(letter())
    ((body, headers),) = rspamd.asked
    assert body == b"Received: x\r\n" + BODY
    assert ("IP", "192.0.2.1") in headers
    assert [value for name, value in headers if name == "Rcpt"] == ["bob@us.test", "eve@us.test"]


@pytest.mark.parametrize(
    ("action", "code"), [("reject", 554), ("discard", 554), ("soft reject", 451), ("greylist", 451)]
)
async def test_what_is_not_wanted_is_refused_in_the_session(action: str, code: int) -> None:
    with pytest.raises(Refusal) as caught:
        await look({"action": action, "score": 99.0})
    assert (caught.value.code, caught.value.enhanced) == (code, f"{code // 100}.7.1")
    assert "99" not in caught.value.public


@pytest.mark.parametrize("action", ["add header", "rewrite subject", "quarantine"])
async def test_what_is_doubtful_is_marked(action: str) -> None:
    added = await look({"action": action, "score": 7.123, "required_score": 15})
    assert added == b"Authentication-Results: mx.us.test; none\r\nX-Spam: yes\r\nX-Spam-Score: 7.12 / 15.00\r\n"


async def test_its_symbols_are_told_in_words_of_the_standard() -> None:
    symbols = {
        "R_SPF_SOFTFAIL": {"options": ["~all"]}, "R_DKIM_ALLOW": {"options": ["far.test:s=a", "list.test:s=b"]},
        "R_DKIM_REJECT": {"options": ["x\r\ny:s=;"]}, "DMARC_POLICY_ALLOW": {}, "OTHER": {"score": 3},
    }  # fmt: skip
    added = await look({"action": "no action", "symbols": symbols})
    assert added.replace(b"\r\n\t", b" ").decode() == (
        "Authentication-Results: mx.us.test; spf=softfail smtp.mailfrom=ann@far.test;"
        " dkim=pass header.d=far.test header.s=a; dkim=pass header.d=list.test header.s=b;"
        ' dkim=fail header.d=x??y header.s=";"; dmarc=pass header.from=far.test\r\n'
    )


@pytest.mark.parametrize("said", [InquiryFault("refused"), b"", b"[]", b"{}", b"\xff", {"action": 3}])
async def test_a_screener_that_says_nothing_holds_up_no_mail(said: Any) -> None:
    assert await look(said) == b"Authentication-Results: mx.us.test; none\r\n"


async def test_without_one_nothing_is_said() -> None:
    assert await Screening("mx.us.test").look(letter()) == b"Authentication-Results: mx.us.test; none\r\n"


def test_only_we_say_what_we_say() -> None:
    forged = b"Authentication-Results: mx.us.test; dkim=pass\r\nX-Spam: no\r\nX-Spam-Score: 0\r\n"
    assert Screening("mx.us.test").cleaned(forged + BODY) == BODY


def test_a_message_that_goes_round_is_refused() -> None:
    screening = Screening("mx.us.test")
    screening.cleaned(b"Received: x\r\n" * MOST_HOPS + BODY)
    with pytest.raises(Refusal, match=r"554 5\.4\.6"):
        screening.cleaned(b"Received: x\r\n" * (MOST_HOPS + 1) + BODY)


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.text() | st.floats(),
        lambda x: st.dictionaries(
            st.sampled_from(["action", "symbols", "options", "R_DKIM_ALLOW"]), x | st.lists(x, max_size=2), max_size=3
        ),
    ).map(lambda x: json.dumps(x).encode())
)
def test_no_answer_raises_anything_but_that_it_is_none(octets: bytes) -> None:
    try:
        opinion = read_opinion(octets, sender="a@b.test", header_from="b.test")
    except ValueError:
        return
    assert opinion.action in {"pass", "mark", "later", "reject"}
