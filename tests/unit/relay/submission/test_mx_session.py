"""The session of an mx listener while its gate asks somebody else."""

from __future__ import annotations

import asyncio

from tests.unit.relay.submission.rig import CLOCK
from tests.unit.relay.submission.test_session_limits import TEXT, connect, gone

from estafette.base.errors import Refusal
from estafette.net.listener import Where
from estafette.relay.submission.desk import Desk
from estafette.relay.submission.lockout import Lockout
from estafette.relay.submission.login_notes import LoginNotes
from estafette.relay.submission.session import session_maker
from estafette.smtp.server import ServerConfig
from estafette.store.interface.spool import Health


class Gate:
    """Answers a recipient when a test says so."""

    def __init__(self):
        self.asked = asyncio.Queue()
        self.begun = self.abandoned = 0
        self.taken = []

    def transaction(self, mail, client):
        self.begun += 1
        self.mail, self.client = mail, client
        return self

    def check_recipient(self, address, _asked):
        return None if address.local == "here" else self._elsewhere()

    async def _elsewhere(self):
        answer = asyncio.get_running_loop().create_future()
        self.asked.put_nowait(answer)
        await answer

    async def finish(self, envelope, body, client):
        self.taken.append((envelope, body, client.message))

    def abandon(self):
        self.abandoned += 1


async def door(rig):
    one = await rig()
    gate = Gate()
    desk = Desk(
        config=ServerConfig(hostname="mx.test", auth=False, bare_newline="reject"), kind="mx", spool=one.spool,
        mint=one.desk.mint, clock=CLOCK, usage=one.usage, lockout=Lockout(), returns=gate, notes=LoginNotes(CLOCK),
    )  # fmt: skip
    one.listeners.make = session_maker({"mx": desk})
    _, port = await one.listeners.open(Where(host="127.0.0.1", port=0, kind="mx"))
    client, _ = await connect(port)
    await client.say(b"EHLO far.test\r\n", b"MAIL FROM:<a@far.test> SIZE=5\r\n")
    return one, gate, client


async def test_pipelined_recipients_wait_for_each_other(rig):
    _, gate, client = await door(rig)
    client.writer.write(b"RCPT TO:<x@co.test>\r\nRCPT TO:<here@co.test>\r\nRCPT TO:<y@co.test>\r\nDATA\r\n")
    (await gate.asked.get()).set_result(None)
    assert [(await client.reply())[:9] for _ in range(2)] == [b"250 2.1.5", b"250 2.1.5"]
    (await gate.asked.get()).set_exception(Refusal(550, "5.1.1", "no such user"))
    assert await client.reply() == b"550 5.1.1 no such user\r\n"
    assert (await client.reply()).startswith(b"354 ")
    assert (await client.say(TEXT)).startswith(b"250 2.0.0 queued as ")
    ((envelope, body, message),) = gate.taken
    assert [each.address for each in envelope.recipients] == ["x@co.test", "here@co.test"]
    assert body.endswith(b"Hello\r\n")
    assert message
    assert (gate.mail.size, gate.client.helo, gate.begun, gate.abandoned) == (5, "far.test", 1, 1)
    client.writer.close()


async def test_what_breaks_inside_is_temporary(rig):
    _, gate, client = await door(rig)
    client.writer.write(b"RCPT TO:<x@co.test>\r\n")
    (await gate.asked.get()).set_exception(RuntimeError("broken"))
    assert (await client.reply()).startswith(b"451 4.3.0 ")
    assert (await client.say(b"RSET\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<here@co.test>\r\n")).startswith(b"250 2.1.5")
    assert (gate.begun, gate.abandoned) == (2, 1)
    client.writer.close()


async def test_a_refused_data_ends_what_the_gate_began(rig):
    one, gate, client = await door(rig)
    one.spool.health = lambda: Health(accepting=False, why="the disk is full")
    assert (await client.say(b"RCPT TO:<here@co.test>\r\n", b"DATA\r\n")).startswith(b"452 4.3.1 ")
    assert (await client.say(b"MAIL FROM:<b@far.test>\r\n", b"RCPT TO:<here@co.test>\r\n")).startswith(b"250 2.1.5")
    assert (gate.begun, gate.abandoned, gate.mail.sender.text) == (2, 1, "b@far.test")
    client.writer.close()


async def test_a_client_that_leaves_while_somebody_is_asked_ends_the_question(rig):
    one, gate, client = await door(rig)
    client.writer.write(b"RCPT TO:<x@co.test>\r\n")
    answer = await gate.asked.get()
    client.writer.close()
    await gone(one)
    assert answer.cancelled()
    assert (gate.taken, gate.abandoned) == ([], 1)
