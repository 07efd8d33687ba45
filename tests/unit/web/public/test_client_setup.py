"""Mail programs that ask: answered about domains that say where their people read, and about nothing else."""

from __future__ import annotations

import asyncio
import plistlib
from pathlib import Path

import msgspec
import pytest
from tests.unit.web.asgi import call

from estafette.model.mailbox import outgoing
from estafette.tenancy import domains, mailboxes, proof, tenants
from estafette.tenancy.mailboxes import Wish
from estafette.web.public.client_setup import AUTOCONFIG, MOST, PROFILE, ClientSetups
from estafette.web.public.door import Door
from estafette.web.public.standing import Standing

DATA = Path(__file__).parents[3] / "data/client-setup"
ASK = "/mail/config-v1.1.xml"
OUTLOOK = "/autodiscover/autodiscover.xml"
SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"


def question(address, schema=SCHEMA):
    return (
        f"<Autodiscover><Request><EMailAddress>{address}</EMailAddress>"
        f"<AcceptableResponseSchema>{schema}</AcceptableResponseSchema></Request></Autodiscover>"
    ).encode()


class Programs:
    """A listener, and its tenants' domains: acme.example says where its people read."""

    def __init__(self, listener, public_url="https://t.service.test"):
        self.office, self.directory, self.standing = listener.office, listener.directory, Standing()
        rooms = ClientSetups(self.standing, outgoing("mx1.service.test", 465, 587), public_url).rooms()
        self.door = Door(rooms, lambda: None)

    def domain(self, name, tenant="acme", *, proved=True, **wish):
        domains.add(self.office, tenant, name)
        if proved:
            proof.verify(self.office, name, tenant=tenant)
        if wish:
            mailboxes.put(self.office, name, Wish(**wish), tenant=tenant)

    def refresh(self):
        self.directory.reload()
        self.standing.directory = self.directory

    async def __call__(self, method, url, host="autoconfig.acme.example", **more):
        headers = {"Host": host} | more.pop("headers", {})
        return await call(self.door, method, url, headers=headers, **more)


@pytest.fixture
def programs(listener):
    made = Programs(listener)
    made.domain("acme.example", host="imap.acme.example", login="local")
    made.refresh()
    return made


@pytest.mark.parametrize("path", sorted(AUTOCONFIG))
async def test_thunderbird_is_told_by_address_and_by_host(programs, path):
    golden = (DATA / "config-v1.1.xml").read_bytes()
    for query, host in (
        ("?emailaddress=ann%40acme.example", "t.service.test"), ("?emailaddress=NOBODY%40Acme.Example", "x"),
        ("", "autoconfig.acme.example"), ("", "Autoconfig.Acme.Example:443"), ("", "acme.example"),
    ):  # fmt: skip
        answer = await programs("GET", path + query, host)
        assert (answer.status, answer.body, answer.headers["content-type"]) == (200, golden, "text/xml; charset=utf-8")
        assert "no-store" in answer.headers["cache-control"]
    assert (await programs("HEAD", path)).status == 200
    assert ((await programs("POST", path)).status, (await programs("PUT", path)).status) == (405, 405)


@pytest.mark.parametrize("path", [OUTLOOK, "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml", "/AUTODISCOVER/AUTODISCOVER.XML"])  # fmt: skip
async def test_outlook_is_told_whatever_case_it_asks_in_and_never_challenged(programs, path):
    body = question("ann&amp;co@acme.example")
    for headers in ({}, {"Authorization": "Basic YW5uOnNlY3JldA=="}, {"Authorization": "Negotiate " + "x" * 5_000}):
        answer = await programs("POST", path, body=body, headers=headers)
        assert (answer.status, answer.body) == (200, (DATA / "autodiscover.xml").read_bytes())
        assert "www-authenticate" not in answer.headers


async def test_an_authorization_is_not_even_looked_at(programs, capsys, caplog):
    class Sealed(bytes):
        def __getitem__(self, _part):
            raise AssertionError("read")

        decode = __str__ = __repr__ = __getitem__

    asked = [(b"host", b"autodiscover.acme.example"), (b"authorization", Sealed(b"Basic c2VjcmV0"))]
    pieces, told = [{"type": "http.request", "body": question("ann@acme.example")}], []

    async def receive():
        return pieces.pop()

    async def send(message):
        told.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": OUTLOOK,
        "query_string": b"",
        "headers": asked,
        "scheme": "https",
    }
    await programs.door(scope, receive, send)
    assert told[0]["status"] == 200
    assert "c2VjcmV0" not in capsys.readouterr().out + caplog.text


async def test_an_apple_profile_is_a_download(programs):
    answer = await programs("GET", f"{PROFILE}?emailaddress=ann%40acme.example", "t.service.test")
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    assert answer.headers["content-disposition"] == 'attachment; filename="acme.example.mobileconfig"'
    (account,) = plistlib.loads(answer.body)["PayloadContent"]
    assert account["EmailAddress"] == "ann@acme.example"
    (nobody,) = plistlib.loads((await programs("GET", PROFILE)).body)["PayloadContent"]
    assert "EmailAddress" not in nobody


async def answers(programs, name):
    """What each program is told about a domain, the asker's own words taken out."""
    asked = [
        await programs("GET", f"{ASK}?emailaddress=ann%40{name}"), await programs("GET", ASK, f"autoconfig.{name}"),
        await programs("GET", f"{PROFILE}?emailaddress=ann%40{name}"), await programs("POST", OUTLOOK, body=question(f"ann@{name}")),
    ]  # fmt: skip
    return [(each.status, each.headers, each.body) for each in asked]


async def test_whatever_is_not_to_be_told_reads_alike(programs):
    """Of domains that are unknown, unproved, silent, in doubt, suspended, or whose account is: nothing, and the same."""
    programs.domain("pending.example", proved=False, host="imap.pending.example")
    programs.domain("silent.example")
    programs.domain("warned.example", host="imap.warned.example")
    programs.domain("rival.example", "rival", host="imap.rival.example")
    found = domains.find(programs.office, "warned.example")
    programs.office.control.put_domain(msgspec.structs.replace(found, status="warning"), None)
    programs.refresh()
    assert [each[0] for each in await answers(programs, "rival.example")] == [200] * 4
    tenants.suspend(programs.office, "rival", "phishing")
    programs.refresh()
    unknown = await answers(programs, "unknown.example")
    assert [each[0] for each in unknown] == [404] * 4
    for name in ("pending.example", "silent.example", "warned.example", "rival.example"):
        assert await answers(programs, name) == unknown, name


async def test_a_domain_that_two_tenants_added_is_told_by_its_owner(programs):
    programs.domain("acme.example", "rival", proved=False, host="imap.rival.example")
    programs.refresh()
    assert b"imap.rival.example" not in (await programs("GET", ASK)).body
    assert (await programs("GET", ASK)).status == 200


async def test_addresses_of_a_domain_are_all_alike(programs):
    told = {
        (await programs("GET", f"{ASK}?emailaddress={name}%40acme.example")).body for name in ("ann", "nobody", "x")
    }
    assert len(told) == 1


async def test_a_change_is_told_and_so_is_its_end(programs):
    mailboxes.put(programs.office, "acme.example", Wish(host="imap2.acme.example", socket="starttls"))
    programs.refresh()
    assert b"<hostname>imap2.acme.example</hostname>\n      <port>143</port>" in (await programs("GET", ASK)).body
    mailboxes.clear(programs.office, "acme.example")
    programs.refresh()
    assert [each[0] for each in await answers(programs, "acme.example")] == [404] * 4


async def test_what_a_form_cannot_say_is_not_said_in_it(programs):
    mailboxes.put(programs.office, "acme.example", Wish(host="imap.acme.example", sign_in="oauth2"))
    programs.refresh()
    assert [each[0] for each in await answers(programs, "acme.example")] == [200, 200, 404, 404]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"<a>", 400), (b"<!DOCTYPE a [<!ENTITY x 'y'>]><Autodiscover/>", 400), (question("no address"), 400),
        (b" " * MOST + b" ", 413), (question("ann@acme.example", "http://127.0.0.1/other"), 404),
    ],
    ids=range(6),
)  # fmt: skip
async def test_bad_questions_are_refused(programs, body, status):
    assert (await programs("POST", OUTLOOK, body=body)).status == status


async def test_a_question_in_pieces_without_end_is_cut(programs):
    assert (await programs("POST", OUTLOOK, pieces=[b"x" * 1_000] * 50)).status == 413


async def test_a_question_that_does_not_end_is_not_waited_for(programs, monkeypatch):
    monkeypatch.setattr("estafette.web.public.client_setup.WITHIN", 0.05)
    told = []

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        told.append(message)

    scope = {"type": "http", "method": "POST", "path": OUTLOOK, "query_string": b"", "headers": [], "scheme": "http"}
    await programs.door(scope, receive, send)
    assert told[0]["status"] == 408


@pytest.mark.parametrize(
    "query",
    ["emailaddress=", "emailaddress=ann", "emailaddress=a%40b%40c", "emailaddress=%00%40acme.example", "emailaddress=%FF",
     "emailaddress=ann%40[127.0.0.1]", "emailaddress=" + "a" * 3_000],
)  # fmt: skip
async def test_what_is_no_address_is_not_found_or_is_the_hosts(programs, query):
    answer = await programs("GET", f"{ASK}?{query}", "t.service.test")
    assert answer.status == 404


@pytest.mark.parametrize("path", ["/mail/", "/mail/config-v1.1.xml/x", "/.well-known/x", "/autodiscover/autodiscover.json", "/auto", "/Mail/config-v1.1.xml"])  # fmt: skip
async def test_other_paths_are_nothing(programs, path):
    assert (await programs("GET", path)).status in {404, 503}
    assert (await programs("GET", path)).body in {b"not found\n", b"try again later\n"}


async def test_outlooks_plain_question_is_led_to_the_name_with_the_certificate(programs, listener):
    led = await programs("GET", "/Autodiscover/Autodiscover.xml", "autodiscover.acme.example")
    assert (led.status, led.headers["location"]) == (302, "https://t.service.test/autodiscover/autodiscover.xml")
    without = Programs(listener, "http://127.0.0.1:8026")
    assert (await without("GET", OUTLOOK)).status == 405


async def test_before_the_database_answers_they_are_told_to_come_back(listener):
    waiting = Programs(listener)
    for answer in await answers(waiting, "acme.example"):
        assert (answer[0], answer[1]["retry-after"]) == (503, "10")


async def test_a_service_without_a_door_for_people_says_nothing(programs):
    closed = Door(ClientSetups(programs.standing, (), "https://t.service.test").rooms(), lambda: None)
    answer = await call(closed, "GET", ASK, headers={"Host": "autoconfig.acme.example"})
    assert answer.status == 404
