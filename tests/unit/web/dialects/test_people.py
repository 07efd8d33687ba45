"""Lines of mailboxes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.letter import Mailbox
from estafette.web.dialects.people import mailboxes


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a@b.example", [Mailbox("a@b.example")]),
        (" a@b.example ,Ann <c@d.example>,", [Mailbox("a@b.example"), Mailbox("c@d.example", "Ann")]),
        ('"Doe, \\"J\\"" <j@d.example>,b@c.example', [Mailbox("j@d.example", 'Doe, "J"'), Mailbox("b@c.example")]),
        ("=?utf-8?b?SmFuw6k=?= <j@d.example>", [Mailbox("j@d.example", "Jané")]),
        ("=?nothing?b?SmFuw6k=?= <j@d.example>", [Mailbox("j@d.example", "=?nothing?b?SmFuw6k=?=")]),
        ("abc, a@b.example", [Mailbox("abc"), Mailbox("a@b.example")]),
        ('"open, a@b.example', [Mailbox('"open, a@b.example')]),
        (" , ,", []),
    ],
)
def test_a_line_is_cut_at_its_commas(line, told):
    assert list(mailboxes(line)) == told


LOCAL = st.text("abcxyz.0123456789", min_size=1, max_size=9).filter(lambda text: ".." not in text and text.strip("."))


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp", "Zs")), max_size=20),
            LOCAL.map(lambda text: f"{text.strip('.')}@b.example"),
        ),
        max_size=5,
    )
)
def test_what_was_written_comes_back_whatever_the_names_hold(people):
    quoted = [(name.replace("\\", "\\\\").replace('"', '\\"'), address) for name, address in people if "=?" not in name]
    line = ", ".join(f'"{name}" <{address}>' for name, address in quoted)
    told = [(each.name, each.address) for each in mailboxes(line)]
    assert told == [(name, address) for name, address in people if "=?" not in name]


@given(st.text())
def test_every_piece_of_any_line_is_told(line):
    assert all(each.address for each in mailboxes(line))
