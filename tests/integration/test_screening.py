"""What rspamd says of mail that comes in is heard while the sender waits, and written on top of what passes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from tests.conftest import open_folder
from tests.servers.certificates import Certificates
from tests.servers.dns import DnsServer
from tests.servers.dovecot import Dovecot
from tests.servers.inbound import Sender, add_routes, mail
from tests.servers.letters import signed_by_opendkim
from tests.servers.rspamd import Rspamd
from tests.servers.service import HOST, MAIL, Service

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

DATE = "Sun, 29 Nov 2026 01:18:27 +0000"


class Screened(msgspec.Struct):
    service: Service
    mailboxes: Dovecot
    dns: DnsServer
    rspamd: Rspamd


@pytest.fixture(scope="module")
def screened(root: None) -> Iterator[Screened]:
    with open_folder() as folder:
        certificates = Certificates(folder / "certificates")
        with (
            DnsServer(folder / "dns") as dns,
            Dovecot(folder / "dovecot", users={"bob": "", "carla": "", "dora": ""}) as mailboxes,
            Rspamd(folder / "rspamd", dns=dns.at[0]) as rspamd,
            Service(
                folder / "service", certificates, dns=dns.at, settings={"inbound": {"rspamd": rspamd.url}}
            ) as service,
        ):
            dns.add(
                [
                    ("far.test", "TXT", "v=spf1 ip4:127.0.0.0/8 -all"),
                    ("_dmarc.far.test", "TXT", "v=DMARC1; p=reject; adkim=s; aspf=s"),
                    ("strict.test", "TXT", "v=spf1 -all"),
                ]
            )
            service.roles = MAIL
            service.prepare()
            add_routes(service, ("*", "forward", mailboxes.target))
            service.start()
            yield Screened(service, mailboxes, dns, rspamd)


def results(message: bytes) -> str:
    """Return the first Authentication-Results on one line."""
    lines = message.partition(b"Authentication-Results: ")[2].split(b"\r\n")
    count = next(place for place, line in enumerate(lines[1:], 1) if line[:1] not in (b" ", b"\t"))
    return b"".join(lines[:count]).replace(b"\t", b" ").decode()


def test_spam_is_refused_in_the_session(screened):
    with Sender(screened.service) as sender:
        code, said = sender.deliver(mail(GTUBE), "bob@customer.test")
        assert (code, said) == (554, "5.7.1 this message is refused as spam")
    assert screened.mailboxes.messages("bob") == []


def test_a_letter_signed_by_opendkim_passes_and_a_forged_verdict_is_taken_out(screened):
    letter = signed_by_opendkim(mail(To="carla@customer.test", Date=DATE), "far.test", screened.dns)
    forged = f"Authentication-Results: (x) {HOST.upper()} ; dkim=pass header.d=bank.test\r\n".encode()
    foreign = b"Authentication-Results: other.test; dkim=fail\r\n"
    with Sender(screened.service) as sender:
        assert sender.deliver(forged + foreign + letter, "carla@customer.test")[0] == 250
    (found,) = screened.mailboxes.wait("carla")
    assert results(found) == (
        f"{HOST}; spf=pass smtp.mailfrom=ann@far.test; dkim=pass header.d=far.test header.s=key;"
        " dmarc=pass header.from=far.test"
    )
    assert b"bank.test" not in found
    assert found.endswith(foreign + letter)
    assert b"X-Spam" not in found


def test_what_speaks_against_a_sender_is_written_too(screened):
    with Sender(screened.service) as sender:
        code, _ = sender.deliver(
            mail(From="eve@strict.test", To="dora@customer.test"), "dora@customer.test", sender="eve@strict.test"
        )
        assert code == 250
    (found,) = screened.mailboxes.wait("dora")
    assert results(found).startswith(f"{HOST}; spf=fail smtp.mailfrom=eve@strict.test; dkim=none")
