from __future__ import annotations

import pytest

from estafette.base.errors import Refusal
from estafette.relay.inbound.target import Target, read_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("smtp://Mail.Customer.TEST", Target("mail.customer.test", 25, False)),
        ("smtp://mail.customer.test.:587", Target("mail.customer.test", 587, False)),
        ("lmtp://192.0.2.1:24", Target("192.0.2.1", 24, True)),
        ("smtp://[2001:db8::1]:2525", Target("2001:db8::1", 2525, False)),
    ],
)
def test_targets(text: str, target: Target) -> None:
    assert read_target(text) == target


@pytest.mark.parametrize(
    "text",
    ["", "mail.test", "lmtp://mail.test", "https://mail.test", "smtp://", "smtp://a:b", "smtp://a:99999", "smtp://["],
)
def test_a_wrong_target_costs_no_mail(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_target(text)
    assert caught.value.temporary
