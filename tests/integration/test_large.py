"""Ten megabytes arrive whole, signed."""

import random

from tests.servers.letters import letter, signed_by


def test_a_large_attachment(shared_rig):
    message = letter("shop@customer.test", "large@example.test")
    blob = random.Random(7).randbytes(10_000_000)
    message.add_attachment(blob, maintype="application", subtype="octet-stream", filename="plan.bin")
    shared_rig.send("large@example.test", message=message)
    arrived = shared_rig.arrived("large@example.test")[0]
    assert signed_by(arrived, shared_rig.dns, "customer.test")
    assert arrived.endswith(bytes(message).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")[-5_000_000:])
