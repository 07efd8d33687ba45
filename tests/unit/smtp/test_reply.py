import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.event import Reply
from estafette.smtp.reply import MAX_LINES, MAX_OCTETS, MAX_TEXT, ProtocolFault, ReplyReader, clean, parse


def read(data):
    reader = ReplyReader()
    reader.feed(data)
    return reader.next()


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"250 2.1.0 Ok\r\n", Reply(250, "2.1.0", "Ok")),
        (b"250\r\n", Reply(250)),
        (b"250 ok\n", Reply(250, "", "ok")),
        (b"550 5.7 no\r\n", Reply(550, "5.7.0", "no")),
        (b"550 5.1.1\r\n", Reply(550, "5.1.1")),
        (b"550 4.1.1 class contradicts\r\n", Reply(550, "", "4.1.1 class contradicts")),
        (b"550-5.1.1 no\r\n550 5.1.1 user\r\n", Reply(550, "5.1.1", "no user")),
        (b"550-first\r\n550 5.1.1 user\r\n", Reply(550, "5.1.1", "first user")),
        (b"421 a\x00b\x1b[31mc\xff\r\n", Reply(421, "", "a b [31mc\ufffd")),
    ],
)
def test_reads(data, reply):
    assert read(data) == reply


@pytest.mark.parametrize(
    "data",
    [b"150 wait\r\n", b"650 x\r\n", b"hello\r\n", b"25 ok\r\n", b"250x\r\n", b"\r\n", b"250-a\r\n251 b\r\n", b"250-a\r\nb\r\n",
     b"\xb2\xb50 x\r\n"],
)  # fmt: skip
def test_refuses(data):
    with pytest.raises(ProtocolFault) as fault:
        read(data)
    assert fault.value.reason == "malformed_reply"


@pytest.mark.parametrize(
    "data", [b"250-a\r\n" * (MAX_LINES + 1), b"250 " + b"x" * MAX_OCTETS, b"250-" + b"x" * 9000 + b"\r\n"]
)
def test_bounds(data):
    with pytest.raises(ProtocolFault) as fault:
        read(data)
    assert fault.value.reason == "reply_too_long"


def test_text_is_capped():
    assert len(read(b"550 " + b"x" * 5000 + b"\r\n").text) == MAX_TEXT


def test_pending_tells_of_octets_behind_the_reply():
    reader = ReplyReader()
    reader.feed(b"220 go\r\n2")
    assert reader.next() == Reply(220, "", "go")
    assert reader.pending


def test_parse_takes_text():
    assert parse("550-5.1.1 a\n550 5.1.1 b") == Reply(550, "5.1.1", "a b")
    with pytest.raises(ProtocolFault):
        parse("550-only")


@given(st.binary(max_size=600))
def test_any_octets_end_in_replies_or_a_fault(data):
    reader = ReplyReader()
    reader.feed(data)
    try:
        while (reply := reader.next()) is not None:
            assert 200 <= reply.code < 600
            assert reply.text.isprintable()
            assert len(reply.text) <= MAX_TEXT
    except ProtocolFault:
        pass


def _one_line(text):
    return text.replace(b"\n", b"").replace(b"\r", b"")


_lines = st.lists(
    st.tuples(
        st.sampled_from([b"250", b"550", b"421"]),
        st.lists(st.binary(max_size=30).map(_one_line), min_size=1, max_size=4),
    ),
    max_size=6,
)


@given(_lines, st.integers(1, 7))
def test_the_cut_of_the_network_does_not_matter(replies, step):
    data = b""
    for code, texts in replies:
        data += b"".join(code + b"-" + t + b"\r\n" for t in texts[:-1]) + code + b" " + texts[-1] + b"\r\n"
    whole, pieces = ReplyReader(), ReplyReader()
    whole.feed(data)
    at_once = [whole.next() for _ in replies]
    bit_by_bit = []
    for at in range(0, len(data), step):
        pieces.feed(data[at : at + step])
        while (reply := pieces.next()) is not None:
            bit_by_bit.append(reply)
    assert at_once == bit_by_bit
    assert whole.next() is None


@given(st.binary(max_size=4000))
def test_clean_is_one_printable_line(data):
    text = clean(data)
    assert text.isprintable()
    assert len(text) <= MAX_TEXT
