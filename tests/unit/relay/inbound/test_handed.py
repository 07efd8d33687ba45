from __future__ import annotations

from estafette.relay.inbound.handed import KEPT, MOST, Handed


def test_it_knows_who_has_this_very_message_from_this_sender() -> None:
    handed = Handed()
    handed.note("s@a.test", ["x@b.test", "y@b.test"], b"text", 10.0)
    assert handed.has("s@a.test", ["x@b.test", "z@b.test"], b"text", 11.0) == {"x@b.test"}
    assert not handed.has("s@a.test", ["x@b.test"], b"other text", 11.0)
    assert not handed.has("t@a.test", ["x@b.test"], b"text", 11.0)
    assert not handed.has("s@a.test", ["x@b.test"], b"text", 10.0 + KEPT)


def test_it_forgets_the_oldest_when_it_is_full() -> None:
    handed = Handed()
    for place in range(MOST + 1):
        handed.note("s@a.test", [f"{place}@b.test"], b"text", 1.0)
    assert handed.has("s@a.test", ["0@b.test", "1@b.test", f"{MOST}@b.test"], b"text", 1.0) == {
        "1@b.test", f"{MOST}@b.test"
    }  # fmt: skip
