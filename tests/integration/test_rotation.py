"""A key turns over while mail flows: an independent verifier accepts what was signed before and after."""

import re

import pytest
from tests.servers.letters import signed_by, stripped

pytestmark = pytest.mark.mail_only


def selector(message):
    """Return which key of customer.test signed."""
    head = stripped(message).partition(b"\r\n\r\n")[0].replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ")
    fields = [line for line in head.split(b"\r\n") if line.lower().startswith(b"dkim-signature:")]
    (ours,) = [field for field in fields if b"d=customer.test" in field]
    return re.search(rb"\bs=([^;\s]+)", ours)[1].decode()


def test_signatures_hold_before_and_after(rig):
    service = rig.service
    before = {key["selector"]: key["stage"] for key in service.cli("domain", "verify", "customer.test")["keys"]}
    rig.send("ann@example.test")
    first = rig.postfix.wait(1)[0]
    assert before[selector(first)] == "active"
    after = {key["selector"]: key["stage"] for key in service.cli("domain", "rotate", "customer.test")["keys"]}
    for number in range(40):
        rig.send(f"user{number}@example.test")
        last = rig.postfix.wait(number + 2)[-1]
        if selector(last) != selector(first):
            break
    assert before[selector(last)] == "next"
    assert after[selector(first)] == "retiring"
    assert signed_by(first, rig.dns, "customer.test")
    assert signed_by(last, rig.dns, "customer.test")
