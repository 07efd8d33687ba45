"""User names that depend on the person, and the doors of a service."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.domain import Domain
from estafette.model.mailbox import ADDRESS, DOMAIN, LOCAL, Endpoint, filled, mailbox_of, outgoing


@pytest.mark.parametrize(
    ("login", "name"),
    [
        (ADDRESS, "ann@a.test"), (LOCAL, "ann"), (f"CORP\\{LOCAL}", "CORP\\ann"),
        (f"{LOCAL}@mail.{DOMAIN}", "ann@mail.a.test"), ("%OTHER%", "%OTHER%"),
    ],
)  # fmt: skip
def test_marks_are_filled_in(login, name):
    assert filled(login, "ann", "a.test") == name


@given(st.text(max_size=50))
def test_what_is_filled_in_is_not_looked_at_again(local):
    assert filled(f"<{LOCAL}>", local + DOMAIN, "a.test") == f"<{local}{DOMAIN}>"


def test_a_closed_door_is_not_named():
    assert outgoing("mx.test", 465, 587) == (Endpoint("mx.test", 465, "tls"), Endpoint("mx.test", 587, "starttls"))
    assert outgoing("mx.test", 0, 2587) == (Endpoint("mx.test", 2587, "starttls"),)
    assert outgoing("mx.test", 0, 0) == ()


def test_a_domain_that_does_not_say_has_no_mailbox():
    assert mailbox_of(Domain(id="1", tenant="t", name="a.test")) is None
