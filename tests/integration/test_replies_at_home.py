"""A company gets what people answer to its mail in its own mailbox: without any route here, and through one."""

from __future__ import annotations

import re
import smtplib
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import msgspec
import pytest
from tests.conftest import open_folder
from tests.servers import loopback
from tests.servers.certificates import Certificates
from tests.servers.dns import DnsServer
from tests.servers.dovecot import Dovecot
from tests.servers.letters import letter, submit
from tests.servers.postfix import PostfixOfElsewhere, PostfixSink
from tests.servers.service import HOST, MAIL, Service

READER = "reader@example.test"


class Places(msgspec.Struct):
    """The company's own server, that of a reader, the service between, and the names of all."""

    home: PostfixSink
    world: PostfixOfElsewhere
    service: Service
    dns: DnsServer
    credential: dict[str, str]

    def written(self, subject: str) -> EmailMessage:
        """Send a letter of the company through the service; return an answer to it, as the reader got it."""
        message = letter("shop@customer.test", READER)
        message.replace_header("Subject", subject)
        submit(self.service, self.credential, message, [READER])
        (found,) = self.world.wait(has=subject.encode())
        got = message_from_bytes(found)
        answer = EmailMessage()
        answer["From"], answer["To"] = READER, got["Reply-To"] or got["From"]
        answer["Subject"], answer["In-Reply-To"] = f"Re: {subject}", got["Message-ID"]
        answer.set_content("Yes, please.")
        return answer

    def answered(self, answer: EmailMessage) -> None:
        """Let the reader's server bring an answer to whoever the DNS names."""
        with smtplib.SMTP(self.world.address, self.world.port) as client:
            client.send_message(answer)

    def asked(self, recipient: str) -> tuple[int, str]:
        """Return what the service says to a recipient: code and enhanced code."""
        with smtplib.SMTP(self.service.address, self.service.mx) as client:
            client.ehlo("far.test")
            client.mail(READER)
            code, said = client.rcpt(recipient)
            return code, said.decode().partition(" ")[0]

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of a kind as soon as there are some."""
        until = time.monotonic() + 60
        while not (found := self.service.events(kind=kind)):
            assert time.monotonic() < until, f"nothing {kind}"
            time.sleep(0.2)
        return found


@pytest.fixture
def places(root: None) -> Iterator[Places]:
    with open_folder() as folder:
        certificates = Certificates(folder / "certificates")
        with DnsServer(folder / "dns") as dns:
            port = loopback.port()
            service = Service(folder / "service", certificates, dns=dns.at, mx_port=port)
            with (
                PostfixSink(folder / "home", domains=("customer.test",), port=service.mx) as home,
                PostfixOfElsewhere(
                    folder / "world", domains=("example.test",), port=port, dns=dns.at[0], to=service.mx
                ) as world,
            ):  # fmt: skip
                dns.mail_exchanger("example.test", world.address)
                dns.mail_exchanger("customer.test", home.address)
                service.roles = MAIL
                credential = service.prepare()
                dns.add(record for record in credential["records"] if record[1] == "TXT")
                with service:
                    service.start()
                    yield Places(home, world, service, dns, credential)


def test_a_company_that_keeps_its_mx_gets_answers_as_ever(places):
    answer = places.written("Without any route")
    assert answer["To"] == "shop@customer.test"
    places.answered(answer)
    (found,) = places.home.wait(has=b"Subject: Re: Without any route")
    assert b"Yes, please." in found
    assert HOST.encode() not in found, "it did not pass through the service"
    assert places.service.events(kind="inbound") == []
    assert places.asked("shop@customer.test") == (550, "5.7.1")


def test_a_company_whose_mx_is_the_service_gets_them_in_its_own_mailbox(places, folder):
    service = places.service
    with Dovecot(folder / "dovecot", users={"shop": ""}) as mailboxes:
        made = service.cli(
            "route", "create", "customer.test", "*", "--forward", mailboxes.target, "--tenant", "customer"
        )
        assert (made["way"], made["target"]) == ("forward", mailboxes.target)
        assert service.cli("route", "test", "shop@customer.test")["answer"] == f"what {mailboxes.target} answers"
        answer = places.written("By a route")
        until = time.monotonic() + 60
        while places.asked("shop@customer.test")[0] != 250:
            assert time.monotonic() < until, "the route was never heard of"
            time.sleep(0.1)
        places.dns.remove("customer.test")
        places.dns.mail_exchanger("customer.test", service.address, HOST)
        places.answered(answer)
        (found,) = mailboxes.wait("shop")
        assert b"Subject: Re: By a route" in found
        assert f"by {HOST} with".encode() in found
        assert places.home.messages() == []
        (came,), (replied,) = places.told("inbound"), places.told("replied")
        assert (came["recipient"], came["route"], came["tenant"]) == ("shop@customer.test", made["id"], made["tenant"])
        assert (replied["recipient"], replied["route"]) == (READER, made["id"])
        assert replied["message"] in {each["message"] for each in service.events(kind="delivered")}
        said = places.world.log()
        assert "status=sent" in said
        assert "status=bounced" not in said
        answer.replace_header("To", "nobody@customer.test")
        answer.replace_header("Subject", "To nobody")
        places.answered(answer)
        until = time.monotonic() + 60
        while not re.search(r"to=<nobody@customer\.test>.*status=bounced", places.world.log()):
            assert time.monotonic() < until, places.world.log()[-3000:]
            time.sleep(0.1)
        assert "550 5.1.1" in places.world.log(), "what Dovecot said, while the reader's server waited"
