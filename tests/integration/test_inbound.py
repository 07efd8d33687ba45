"""Mail for a company comes in through us: its own servers answer while the sender waits, so nothing bounces later."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.conftest import open_folder
from tests.servers import loopback
from tests.servers.certificates import Certificates
from tests.servers.dns import DnsServer
from tests.servers.dovecot import FULL, Dovecot
from tests.servers.inbound import Sender, add_routes, dialog, mail
from tests.servers.postfix import PostfixClient, PostfixSink
from tests.servers.service import HOST, MAIL, Service

DIALOG = Path(__file__).parents[1] / "data" / "inbound" / "recipients.dialog"


class Company(msgspec.Struct):
    """Its mailboxes behind LMTP, its shop behind SMTP, a third server that a test starts, and the service before them."""

    service: Service
    mailboxes: Dovecot
    shop: PostfixSink
    later: Dovecot


@pytest.fixture(scope="module")
def company(root: None) -> Iterator[Company]:
    with open_folder() as folder:
        certificates = Certificates(folder / "certificates")
        users = {"anna": "", "bob": "", "carla": "", "stuck": "", "full": FULL}
        with (
            DnsServer(folder / "dns") as dns,
            Dovecot(folder / "dovecot", users=users, tls=certificates.issue("imap.customer.test")) as mailboxes,
            PostfixSink(
                folder / "shop", domains=("customer.test",), tls=certificates.issue("shop.customer.test")
            ) as shop,
            Service(folder / "service", certificates, dns=dns.at) as service,
        ):
            later = Dovecot(folder / "later", users={"later": ""})
            dns.add([("shop.customer.test", "A", shop.address)])
            service.roles = MAIL
            service.prepare()
            add_routes(
                service,
                ("*", "forward", mailboxes.target), ("later", "forward", later.target),
                ("shop", "forward", f"smtp://shop.customer.test:{shop.port}"),
                ("down", "forward", f"smtp://{loopback.address()}:9"),
                ("loop", "forward", f"smtp://{service.address}:{service.mx}"),
                ("inside", "forward", "smtp://10.1.2.3:25"), ("keep", "keep", ""),
                ("hook", "webhook", "https://hook.test/in"), ("no", "reject", "write to the shop"),
            )  # fmt: skip
            service.start()
            yield Company(service, mailboxes, shop, later)


def said(postfix: PostfixClient, words: str) -> None:
    """Return once a Postfix has logged some words."""
    until = time.monotonic() + 60
    while words not in postfix.log():
        assert time.monotonic() < until, postfix.log()[-3000:]
        time.sleep(0.1)


def test_what_is_answered_at_rcpt(company):
    dialog(DIALOG, company.service)


def test_the_letter_arrives_in_dovecot_as_it_was_written(company):
    letter = mail("Grüße\r\n.dot", To="anna@customer.test")
    with Sender(company.service) as sender:
        code, said = sender.deliver(letter, "anna@customer.test")
        assert (code, said[:16]) == (250, "2.0.0 queued as ")
    (found,) = company.mailboxes.wait("anna")
    assert found.endswith(letter)
    ours, _, rest = found.partition(f"by {HOST} with ESMTP id ".encode())
    assert ours.endswith(b"from far.test ([127.0.0.1])\r\n\t")
    assert (
        rest.partition(b"\r\n")[2]
        .partition(b"\r\n")[2]
        .startswith(f"Authentication-Results: {HOST}; none\r\nFrom: ".encode())
    )
    assert b"Return-Path: <ann@far.test>" in found
    assert b"TLS" in found.partition(b"Received: from far.test")[0]  # Dovecot says how we came


def test_the_letter_arrives_at_a_postfix_over_tls(company):
    with Sender(company.service) as sender:
        assert sender.deliver(mail(To="shop@customer.test"), "shop@customer.test")[0] == 250
    (found,) = company.shop.wait()
    assert b"using TLSv1.3" in found


def test_what_the_companys_server_refuses_at_the_end_is_refused(company):
    with Sender(company.service) as sender:
        code, said = sender.deliver(mail(), "full@customer.test")
        assert (code, said[:5]) == (552, "5.2.2")
        assert sender.deliver(mail("Again"), "bob@customer.test")[0] == 250  # the session goes on
    assert company.mailboxes.messages("full") == []


def test_one_final_no_beside_a_yes_is_taken_whole_and_one_temporary_no_is_not(company):
    bob = len(company.mailboxes.messages("bob"))
    with Sender(company.service) as sender:
        assert sender.deliver(mail("Beside a full box"), "bob@customer.test", "full@customer.test")[0] == 250
        company.mailboxes.wait("bob", bob + 1)
        box = company.mailboxes.mailbox("stuck")
        mode = box.stat().st_mode
        box.chmod(0)
        letter = mail("Beside a stuck box")
        code, said = sender.deliver(letter, "bob@customer.test", "stuck@customer.test")
        assert (code, said[:5]) == (451, "4.2.0")
        box.chmod(mode)
        assert sender.deliver(letter, "bob@customer.test", "stuck@customer.test")[0] == 250
    company.mailboxes.wait("stuck")
    assert len(company.mailboxes.messages("bob")) == bob + 2  # once each, though one of them came twice


def test_a_sender_beyond_ascii_is_refused_where_the_companys_server_cannot_take_it(company):
    with Sender(company.service) as sender:
        sender.send("MAIL FROM:<änn@far.test> SMTPUTF8\r\n".encode())
        assert sender.getreply()[0] == 250
        code, said = sender.rcpt("bob@customer.test")
        assert (code, said[:5]) == (553, b"5.6.7")


def test_a_message_that_goes_round_is_refused(company):
    letter = b"Received: from a by b; now\r\n" * 51 + mail()
    with Sender(company.service) as sender:
        code, said = sender.deliver(letter, "bob@customer.test")
        assert (code, said[:5]) == (554, "5.4.6")


def test_a_client_that_leaves_while_the_server_is_asked_disturbs_nobody(company):
    sender = smtplib.SMTP(company.service.address, company.service.mx, timeout=60)
    sender.ehlo("far.test")
    sender.mail("ann@far.test")
    sender.send(b"RCPT TO:<bob@customer.test>\r\n")
    sender.close()
    with Sender(company.service) as other:
        assert other.deliver(mail("After"), "carla@customer.test")[0] == 250


def test_a_postfix_keeps_its_mail_while_the_company_is_away_and_brings_every_recipient(company, folder):
    service = company.service
    carla = len(company.mailboxes.messages("carla"))
    with PostfixClient(folder / "far", relay=(service.address, service.mx)) as far:
        with smtplib.SMTP(far.address, far.port) as client:
            client.ehlo("desk.far.test")
            client.sendmail(
                "ann@far.test", ["later@customer.test", "carla@customer.test"], mail("Two places", To="both").decode()
            )
        company.mailboxes.wait("carla", carla + 1)
        said(far, "452 4.5.3")  # another destination than carla's, so in a transaction of its own
        far.flush()
        said(far, "451 4.4.1")
        with company.later:
            far.flush()
            (found,) = company.later.wait("later", within=20)
            assert b"Two places" in found
        assert "bounced" not in far.log()
    assert len(company.mailboxes.messages("carla")) == carla + 1
