"""Where a domain's people read: checked, kept, audited, and taken from a company's own file."""

from __future__ import annotations

import msgspec
import pytest

from estafette.base.errors import Fault
from estafette.mail.setup import autoconfig
from estafette.model.domain import DnsRecord
from estafette.model.mailbox import ClientSetup, Endpoint, Mailbox, outgoing
from estafette.store.interface.records import Stale
from estafette.tenancy import domains, mailboxes, records, spelling, tenants
from estafette.tenancy.mailboxes import Wish
from estafette.tenancy.office import NotFound, Office

SAID = {"host": "imap.acme.test", "port": 993, "socket": "tls", "sign_in": "password", "login": "%EMAILADDRESS%"}


@pytest.fixture
def made(office: Office) -> Office:
    for name in ("acme", "rival"):
        tenants.create(office, name)
        domains.add(office, name, f"{name}.test")
    return msgspec.structs.replace(office, public_url="https://t.service.test", submission=2587)


def test_what_is_said_is_kept_and_audited(made: Office) -> None:
    answer = mailboxes.put(made, "acme.test", Wish(host="IMAP.Acme.test."), tenant="acme")
    assert answer["incoming"] == SAID == domains.show(made, "acme.test")["incoming"]
    entry = made.control.audit(limit=1)[0]
    assert (entry.action, entry.subject) == ("domain.incoming", "acme.test")
    assert entry.after is not None
    assert entry.after["incoming_host"] == "imap.acme.test"
    assert mailboxes.clear(made, "acme.test")["incoming"] is None
    assert domains.show(made, "rival.test")["incoming"] is None


def test_the_usual_port_follows_from_the_socket(made: Office) -> None:
    for socket, port in (("tls", 993), ("starttls", 143)):
        answer = mailboxes.put(made, "acme.test", Wish(host="imap.acme.test", socket=socket))
        assert answer["incoming"] == SAID | {"socket": socket, "port": port}


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        (Wish(host=""), "host"), (Wish(host="imap"), "host"), (Wish(host="192.0.2.1"), "host"), (Wish(host="a b.test"), "host"),
        (Wish(host="imap.acme.test", port=0), "port"), (Wish(host="imap.acme.test", port=65536), "port"),
        (Wish(host="imap.acme.test", socket="plain"), "socket"), (Wish(host="imap.acme.test", sign_in="ntlm"), "sign_in"),
        (Wish(host="imap.acme.test", login="boss"), "login"), (Wish(host="imap.acme.test", login="%EMAILADDRESS%\n"), "login"),
        (Wish(host="imap.acme.test", login="%EMAILADDRESS%" + "x" * 255), "login"),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_would_mislead_is_refused(made: Office, wish: Wish, place: str) -> None:
    with pytest.raises(Fault) as refused:
        mailboxes.put(made, "acme.test", wish)
    assert (refused.value.place, domains.show(made, "acme.test")["incoming"]) == (place, None)


def test_another_tenants_domain_is_none(made: Office) -> None:
    for act in (lambda: mailboxes.put(made, "acme.test", Wish(host="imap.rival.test"), tenant="rival"),
                lambda: mailboxes.clear(made, "acme.test", tenant="rival")):  # fmt: skip
        with pytest.raises(NotFound):
            act()


def test_of_two_changes_the_later_must_have_seen_the_first(made: Office) -> None:
    late = msgspec.structs.replace(made, expected=domains.find(made, "acme.test").version)
    mailboxes.put(made, "acme.test", Wish(host="imap.acme.test"))
    with pytest.raises(Stale):
        mailboxes.put(late, "acme.test", Wish(host="imap2.acme.test"))


class Company:
    """A web with the files of a company; what was asked for stands in ``asked``."""

    def __init__(self, **files: bytes) -> None:
        self.files, self.asked = files, list[str]()

    async def get(self, url: str, most: int) -> bytes:
        self.asked.append(url)
        for place, octets in self.files.items():
            if place in url:
                assert len(octets) <= most
                return octets
        raise Fault("was answered with 404", place=url, fix="")


def file(host: str = "imap.acme.test") -> bytes:
    box = Mailbox(incoming=Endpoint(host, 143, "starttls"), sign_in="oauth2")
    return autoconfig.written(ClientSetup(domain="acme.test", mailbox=box, outgoing=outgoing("smtp.acme.test", 465, 0)))


@pytest.mark.parametrize("place", ["autoconfig", "known"])
async def test_a_companys_own_file_is_taken_once(made: Office, place: str) -> None:
    company = Company(**{place: file()})
    answer = await mailboxes.fetch(made, "acme.test", company)
    assert answer["incoming"] == SAID | {"port": 143, "socket": "starttls", "sign_in": "oauth2"}
    assert company.asked[0].startswith("https://autoconfig.acme.test/mail/config-v1.1.xml?emailaddress=")
    assert "smtp.acme.test" not in str(answer)
    assert made.control.audit(limit=1)[0].action == "domain.incoming.fetch"


@pytest.mark.parametrize("octets", [b"<html/>", file("192.0.2.1"), file("x"), file("<script>.test")])
async def test_a_file_that_says_nothing_good_changes_nothing(made: Office, octets: bytes) -> None:
    with pytest.raises(Fault, match="no autoconfig of acme"):
        await mailboxes.fetch(made, "acme.test", Company(acme=octets))
    assert domains.show(made, "acme.test")["incoming"] is None


async def test_only_the_named_address_is_asked(made: Office) -> None:
    company = Company(files=file())
    await mailboxes.fetch(made, "acme.test", company, url="https://files.acme.test/c.xml")
    assert company.asked == ["https://files.acme.test/c.xml"]


def advice(office: Office) -> list[tuple[str, str, str]]:
    found = domains.wanted(office, domains.find(office, "acme.test"))
    return [(each.type, each.name, each.value) for each in found if each.purpose == "client"]


def test_dns_is_advised_for_mail_programs_once_the_domain_says_where_its_people_read(made: Office) -> None:
    assert advice(made) == []
    mailboxes.put(made, "acme.test", Wish(host="imap.acme.test"))
    assert advice(made) == [
        ("SRV", "_imaps._tcp.acme.test", "0 1 993 imap.acme.test."),
        ("SRV", "_submissions._tcp.acme.test", "0 1 465 mx1.service.test."),
        ("SRV", "_submission._tcp.acme.test", "0 1 2587 mx1.service.test."),
        ("CNAME", "autoconfig.acme.test", "t.service.test."),
        ("CNAME", "autodiscover.acme.test", "t.service.test."),
        ("SRV", "_autodiscover._tcp.acme.test", "0 1 443 t.service.test."),
    ]
    plain = msgspec.structs.replace(made, public_url="http://t.service.test:8026", submissions=0)
    mailboxes.put(made, "acme.test", Wish(host="imap.acme.test", socket="starttls"))
    assert [each[1] for each in advice(plain)] == [
        "_imap._tcp.acme.test", "_submission._tcp.acme.test", "autoconfig.acme.test", "autodiscover.acme.test",
    ]  # fmt: skip
    for unnamed in ("http://127.0.0.1:8026", "https://[2001:db8::1]", "http://localhost:8026"):
        assert {each[0] for each in advice(msgspec.structs.replace(made, public_url=unnamed))} == {"SRV"}


@pytest.mark.parametrize(
    ("found", "ok"),
    [("0 1 465 MX1.service.test.", True), ("10 5 465 mx1.service.test", True), ("0 1 587 mx1.service.test.", False),
     ("0 1 465 other.test.", False), ("0 1 465", False), ("", False)],
)  # fmt: skip
def test_port_and_host_of_a_service_record_count(found: str, ok: bool) -> None:
    record = DnsRecord("SRV", "_submissions._tcp.acme.test", "0 1 465 mx1.service.test.", "client")
    assert records.matches(record, [found]) is ok


def test_a_service_record_is_spelled_as_forms_want_it() -> None:
    record = DnsRecord("SRV", "_submissions._tcp.acme.test", "0 1 465 mx1.service.test.", "client")
    shown = {name: spelling.spell(record, "acme.test", form) for name, form in spelling.hosts().items()}
    assert (shown["cloudflare"].name, shown["cloudflare"].priority, shown["cloudflare"].value) == (
        "_submissions._tcp", "0", "1 465 mx1.service.test",
    )  # fmt: skip
    assert shown["ovh"].value == "1 465 mx1.service.test."
    assert spelling.snippet([record]) == "_submissions._tcp.acme.test. 3600 IN SRV 0 1 465 mx1.service.test.\n"
