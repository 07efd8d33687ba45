"""aiosmtpd, a server of another make, receives too."""

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from tests.servers import loopback
from tests.servers.letters import signed_by


class Keeper(Sink):
    def __init__(self):
        super().__init__()
        self.kept: list[tuple[list[str], bytes]] = []

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802 - aiosmtpd's name
        self.kept.append((envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 kept"


def test_aiosmtpd_receives_the_same_signed_octets(shared_rig):
    keeper = Keeper()
    peer = Controller(keeper, hostname=loopback.address(), port=shared_rig.postfix.port)
    peer.start()
    try:
        shared_rig.dns.mail_exchanger("second.test", peer.hostname)
        shared_rig.send("jane@second.test")
        shared_rig.ended("jane@second.test")
    finally:
        peer.stop()
    ((recipients, content),) = keeper.kept
    assert recipients == ["jane@second.test"]
    assert signed_by(content, shared_rig.dns, "customer.test")
