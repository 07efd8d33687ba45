"""Sessions over real sockets: smtplib and raw clients against a listener with a gate and a spool in memory."""

from __future__ import annotations

import asyncio
import smtplib
import socket

import msgspec
import pytest
from tests.unit.relay.submission.rig import CLOCK

from estafette.model.event import unpack
from estafette.net.listener import Deadlines
from estafette.relay.submission.mail_templates import MailTemplates
from estafette.relay.submission.reach import Reach
from estafette.relay.submission.rejections import Rejections


class Told:
    """A log that takes what it is told."""

    def __init__(self):
        self.events = []

    async def record(self, events):
        self.events += map(unpack, events)


class Unheard:
    """A log in which nothing is yet."""

    async def reached(self, _tenant, _campaign, _recipients):
        return set()


TEXT = b"From: a@example.com\r\nSubject: x\r\n\r\nHello\r\n.dot\r\n"


async def test_smtplib_over_starttls_with_login(rig):
    one = await rig()

    def client():
        with smtplib.SMTP("127.0.0.1", one.port, local_hostname="client.test", timeout=10) as smtp:
            smtp.starttls(context=one.client_context)
            smtp.login("alice", "secret")
            smtp.sendmail("a@example.com", ["b@example.net"], TEXT)
            smtp.mail("a@example.com")
            smtp.rcpt("b@example.net")
            return smtp.data(TEXT)

    code, text = await one.play(client)
    assert code == 250
    assert text.startswith(b"2.0.0 queued as ")
    assert len(text.split()[-1]) == 13
    assert [s.content.body for s in one.spool.accepted] == [TEXT, TEXT]
    who = one.gate.clients[0][0]
    assert (who.protocol, who.helo, who.tls.split()[0]) == ("ESMTPSA", "client.test", "TLSv1.3")


async def test_implicit_tls_and_a_large_body_is_streamed(rig):
    one = await rig({"implicit_tls": True})
    large = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 12_000

    def client():
        with smtplib.SMTP_SSL("127.0.0.1", one.port, context=one.client_context, timeout=10) as smtp:
            smtp.login("alice", "secret")
            smtp.sendmail("a@example.com", ["b@example.net"], large)

    await one.play(client)
    content = one.spool.accepted[0].content
    assert one.spool.files[content.file] == b"X-Head: edited\r\n" + large
    assert content.size == len(large) + 16


async def test_store_trouble_is_temporary_and_nothing_stays_counted(rig):
    one = await rig(auth=False)

    def client():
        with smtplib.SMTP("127.0.0.1", one.port, timeout=10) as smtp:
            codes = []
            for setting in ("failing", "full"):
                setattr(one.spool, setting, True)
                with pytest.raises(smtplib.SMTPDataError) as caught:
                    smtp.sendmail("a@example.com", ["b@example.net"], TEXT)
                codes.append((caught.value.smtp_code, caught.value.smtp_error[:5]))
            one.spool.failing = one.spool.full = False
            with pytest.raises(smtplib.SMTPDataError) as caught:
                smtp.sendmail("a@example.com", ["b@example.net"], b"X-Refuse: 1\r\n\r\n")
            codes.append((caught.value.smtp_code, caught.value.smtp_error[:5]))
            return codes

    assert await one.play(client) == [(451, b"4.3.0"), (452, b"4.3.1"), (550, b"5.7.1")]
    assert one.usage.pending == 0
    assert one.spool.accepted == []


async def test_three_wrong_passwords_end_the_connection(rig):
    one = await rig(plaintext_auth=True)

    def client():
        smtp = smtplib.SMTP("127.0.0.1", one.port, timeout=10)
        smtp.ehlo()
        answers = [smtp.docmd("AUTH PLAIN", "AGFsaWNlAHdyb25n") for _ in range(3)]
        smtp.close()
        return answers

    answers = await one.play(client)
    assert [code for code, _ in answers] == [535, 535, 421]
    assert answers[0] == answers[1]


async def test_more_connections_than_allowed_get_421(rig):
    one = await rig()

    def client():
        held = [socket.create_connection(("127.0.0.1", one.port), 10) for _ in range(4)]
        banners = [sock.recv(100) for sock in held]
        for sock in held:
            sock.close()
        return banners

    banners = await one.play(client)
    assert sorted(banner[:3] for banner in banners) == [b"220", b"220", b"220", b"421"]


async def test_drain_lets_a_transaction_end_and_sends_the_idle_away(rig):
    one = await rig(auth=False)
    reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
    idle, idle_writer = await asyncio.open_connection("127.0.0.1", one.port)
    await idle.readline()
    await reader.readline()
    writer.write(b"EHLO x\r\n")
    while (await reader.readline())[3:4] == b"-":
        pass
    writer.write(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n")
    for _ in range(3):
        await reader.readline()
    drained = asyncio.create_task(one.listeners.drain(10))
    assert (await idle.read()).startswith(b"421 4.3.2")
    writer.write(TEXT + b".\r\n")
    assert (await reader.readline()).startswith(b"250 2.0.0 queued as ") or pytest.fail("no verdict")
    assert (await reader.read()).startswith(b"421 4.3.2")
    await drained
    assert len(one.spool.accepted) == 1
    writer.close()
    idle_writer.close()


async def test_a_silent_client_meets_the_deadline(rig):
    one = await rig({"deadlines": Deadlines(command=0.3)})
    reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
    assert (await reader.readline()).startswith(b"220")
    assert (await reader.read()).startswith(b"421 4.4.2")
    writer.close()


async def test_text_injected_behind_starttls_closes_the_session(rig):
    one = await rig()
    reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
    await reader.readline()
    writer.write(b"EHLO x\r\n")
    while (await reader.readline())[3:4] == b"-":
        pass
    writer.write(b"STARTTLS\r\nMAIL FROM:<a@example.com>\r\n")
    assert await reader.read() == b"554 5.5.0 data sent before it was allowed\r\n"
    writer.close()


async def test_a_message_of_mailjets_that_is_a_template_is_written_before_the_gate(rig):
    one = await rig()
    one.gate.alice = msgspec.structs.replace(one.gate.alice, headers="mailjet")
    one.desk.templates = MailTemplates(None)
    one.desk.reach = Reach(Unheard(), CLOCK)
    texts = [b"Hello {{var:name}}\r\n", b"Hello {{mj:x}}\r\n"]
    once = b"X-Mailjet-Campaign: spring\r\nX-Mailjet-DeduplicateCampaign: 1\r\n"
    head = b'From: a@example.com\r\nX-MJ-TemplateLanguage: 1\r\nX-MJ-Vars: {"name": "Bob"}\r\n\r\n'

    def client():
        with smtplib.SMTP("127.0.0.1", one.port, local_hostname="client.test", timeout=10) as smtp:
            smtp.starttls(context=one.client_context)
            smtp.login("alice", "secret")
            smtp.sendmail("a@example.com", ["b@example.net"], head + texts[0])
            with pytest.raises(smtplib.SMTPDataError, match="mj: is not offered"):
                smtp.sendmail("a@example.com", ["b@example.net"], head + texts[1])
            smtp.sendmail("a@example.com", ["b@example.net"], once + head + texts[0])
            with pytest.raises(smtplib.SMTPDataError, match="has got this campaign already"):
                smtp.sendmail("a@example.com", ["b@example.net"], once + head + texts[0])

    await one.play(client)
    kept, _ = [s.content.body for s in one.spool.accepted]
    assert b"Hello Bob\r\n" in kept
    assert b"X-MJ-Vars" not in kept


async def test_whoever_is_suppressed_is_told_to_the_log_also_when_the_message_says_so(rig):
    """Each is refused once: one at RCPT, the other after the data, by the topic that the header names."""
    one, log = await rig(), Told()
    one.desk.rejections = Rejections(CLOCK)

    def client():
        with smtplib.SMTP("127.0.0.1", one.port, timeout=10) as smtp:
            smtp.starttls(context=one.client_context)
            smtp.login("alice", "secret")
            smtp.ehlo()
            smtp.mail("a@example.com")
            assert smtp.rcpt("gone@example.net")[0] == 550
            assert smtp.rcpt("b@example.net")[0] == 250
            assert smtp.data(b"X-Left: news\r\n" + TEXT)[0] == 550

    await one.play(client)
    await one.desk.rejections.flush(log)
    assert [(each.kind, each.recipient) for each in log.events] == [
        ("rejected", "gone@example.net"), ("rejected", "b@example.net"),
    ]  # fmt: skip
