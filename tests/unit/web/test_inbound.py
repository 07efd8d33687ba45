"""Mail that came in over the API: who may read it, what is told, and that a browser is given nothing to run."""

from __future__ import annotations

from types import MappingProxyType

import msgspec
import pytest
from tests.contract.kit import START, mint, submission
from tests.unit.mail.test_incoming import PDF, letter
from tests.unit.web.asgi import call
from tests.unit.web.test_routes import of_role

from estafette.base.ids import read, show
from estafette.model.event import Event, pack
from estafette.model.webhook import Call
from estafette.store.interface.webhooks import Settlement
from estafette.tenancy import callers, operators

OURS = "hello@acme.example"
CHECKED = (
    b'Authentication-Results: localhost; spf=pass smtp.mailfrom="x;dkim=pass"; dkim=fail; dkim=pass; dmarc=none\r\n'
)
LETTER = bytes(letter())
FORGED = b"Authentication-Results: mx.evil.test; spf=fail\r\nX-Spam: Yes\r\n"


class Desk:
    def __init__(self, world):
        self.world, self.app = world, world.app
        office = world.services.office()
        self.tenants = {name: office.tenant(name).id for name in ("acme", "rival")}
        self.root = operators.create(office, "root")["api_key"]

    async def came(self, body=b"", tenant="acme", *to, route="r1", at=START, reason="keep", told=True, **more):
        body = body or CHECKED + FORGED + LETTER
        kept = submission(retention=7e9, kind="inbound", stream="", tenant=self.tenants[tenant]).content
        fields = {"body": body, "size": len(body), "sender": "zoe@example.com", "subject": "=?utf-8?q?=C3=89t=C3=A9?="}
        kept = msgspec.structs.replace(
            kept, accepted=at, source="192.0.2.9", came_to=to or (OURS,), route=route, **(fields | more)
        )
        await self.world.store.spool.keep_return(kept, b"")
        facts = [
            Event(
                id=mint.next(), at=at, kind="inbound", tenant=kept.tenant, stream="", message=kept.id, number=number,
                recipient=each, source="192.0.2.9", size=kept.size, reason=reason, route=route,
            )
            for number, each in enumerate(kept.came_to, 1)
        ]  # fmt: skip
        if told:
            await self.world.store.spool.record([pack(each) for each in facts])
            await self.world.store.spool.flush()
        return show(kept.id)

    async def ask(self, path, role="owner", tenant="acme", key=""):
        key = key or f"tst_user_{role}_{self.tenants[tenant]}"
        return await call(self.app, "GET", path, headers={"Authorization": f"Bearer {key}"})

    async def ids(self, query="", **who):
        return [each["id"] for each in (await self.ask(f"/v1/inbound{query}", **who)).json()["items"]]


@pytest.fixture
def desk(world, monkeypatch):
    monkeypatch.setattr(callers, "FINDERS", MappingProxyType({**callers.FINDERS, "tst_": of_role}))
    return Desk(world)


async def test_a_message_is_told_by_its_parts_with_our_verdicts_alone(desk):
    name = await desk.came()
    found = (await desk.ask(f"/v1/inbound/{name}")).json()
    assert (found["id"], found["sender"], found["route"], found["source"]) == (
        name,
        "zoe@example.com",
        "r1",
        "192.0.2.9",
    )
    assert found["recipients"] == [{"recipient": OURS, "reason": "keep", "call": None}]
    mail = found["mail"]
    assert (mail["from"], mail["subject"]) == ("Zoé Müller <zoe@example.com>", "Été — déjà vu")
    assert mail["text"] == "Bonjour à tous\n"
    assert mail["authentication"] == {"spf": "pass", "dkim": "fail", "dmarc": "none"}
    assert mail["spam"]
    assert mail["headers"][0]["name"] == "Authentication-Results"
    (file,) = mail["attachments"]
    assert (file["name"], file["size"], file["url"]) == (
        "Facture n°1.pdf", len(PDF), f"/v1/inbound/{name}/attachments/1",
    )  # fmt: skip
    assert found["raw"] == f"/v1/inbound/{name}/raw"


async def test_octets_leave_as_files_that_no_browser_opens(desk):
    name = await desk.came()
    raw = await desk.ask(f"/v1/inbound/{name}/raw")
    assert (raw.status, raw.body) == (200, CHECKED + FORGED + LETTER)
    file = await desk.ask(f"/v1/inbound/{name}/attachments/1")
    assert (file.status, file.body, file.headers["content-type"]) == (200, PDF, "application/octet-stream")
    for answer in (raw, file):
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("sandbox")
    for number in ("0", "2", "-1", "99999999999999999999"):
        assert (await desk.ask(f"/v1/inbound/{name}/attachments/{number}")).status == 404


async def test_the_list_is_newest_first_page_by_page_and_filtered(desk):
    made = [await desk.came(b"", "acme", f"u{n % 2}@acme.example", route=f"r{n % 3}", at=START + n) for n in range(6)]
    await desk.came(b"", "rival", "x@rival.example")
    assert await desk.ids() == made[::-1]
    first = (await desk.ask("/v1/inbound?limit=4")).json()
    assert [each["subject"] for each in first["items"]] == ["Été"] * 4
    assert await desk.ids(f"?after={first['next']}") == made[1::-1]
    assert await desk.ids("?recipient=U1@acme.example") == [made[5], made[3], made[1]]
    assert await desk.ids("?route=r0") == [made[3], made[0]]
    assert await desk.ids("?since=2027-01-15T08:00:04Z") == made[:3:-1]
    for wrong in ("WzEuNV0", "WyIxLjUiXQ", "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OSJd", "x"):
        assert (await desk.ask(f"/v1/inbound?after={wrong}")).status == 422


@pytest.mark.parametrize("role", ["marketer", "billing", "reader"])
async def test_letters_of_strangers_are_not_for_every_role(desk, role):
    name = await desk.came()
    for path in ("", f"/{name}", f"/{name}/raw", f"/{name}/attachments/1"):
        answer = await desk.ask(f"/v1/inbound{path}", role)
        assert (answer.status, answer.json()["code"]) == (403, "forbidden")


async def test_an_application_that_sends_reads_no_letters(desk):
    name = await desk.came()
    for path in ("", f"/{name}", f"/{name}/raw"):
        assert (await desk.ask(f"/v1/inbound{path}", key=desk.world.keys["acme"]["api_key"])).status == 403


async def test_mail_of_another_company_and_what_came_back_to_the_service_is_not_there(desk):
    foreign = await desk.came(b"", "rival", "x@rival.example")
    back = await desk.came(kind="return", told=False)
    for name in (foreign, back, show(mint.next()), "nonsense", "0123456789ABC"):
        for path in (f"/{name}", f"/{name}/raw", f"/{name}/attachments/1"):
            answer = await desk.ask(f"/v1/inbound{path}")
            assert (answer.status, answer.json()["code"]) == (404, "not_found")
    assert await desk.ids() == []
    assert await desk.ids(tenant="rival") == [foreign]


async def test_whoever_runs_the_service_names_the_company(desk):
    name = await desk.came()
    assert (await desk.ask("/v1/inbound", key=desk.root)).status == 422
    assert await desk.ids("?tenant=acme", key=desk.root) == [name]
    assert await desk.ids("?tenant=rival", key=desk.root) == []


async def test_what_the_companys_server_has_is_told_and_not_shown(desk):
    name = await desk.came(handed=True, reason="forward")
    found = (await desk.ask(f"/v1/inbound/{name}")).json()
    assert (found["mail"], found["raw"], found["recipients"]) == (
        None,
        None,
        [{"recipient": OURS, "reason": "forward", "call": None}],
    )
    assert (await desk.ask(f"/v1/inbound/{name}/raw")).status == 404
    assert [each["kept"] for each in (await desk.ask("/v1/inbound")).json()["items"]] == [False]


async def test_what_is_gone_is_told_by_the_log_alone(desk):
    name = await desk.came()
    await desk.world.store.spool.sweep(START + 8e9)
    found = (await desk.ask(f"/v1/inbound/{name}")).json()
    assert (found["mail"], found["source"]) == (None, "192.0.2.9")
    assert found["size"] > 0
    assert (await desk.ask(f"/v1/inbound/{name}/attachments/1")).status == 404


async def test_a_message_that_nobody_has_read_yet_is_shown(desk):
    name = await desk.came(told=False)
    found = (await desk.ask(f"/v1/inbound/{name}")).json()
    assert (found["recipients"], found["mail"]["text"]) == (
        [{"recipient": OURS, "reason": "", "call": None}],
        "Bonjour à tous\n",
    )


async def test_hostile_mail_is_told_within_bounds(desk):
    wide = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 10_000
    name = await desk.came(wide)
    mail = (await desk.ask(f"/v1/inbound/{name}")).json()["mail"]
    assert (mail["opaque"], mail["attachments"]) == (True, [])
    name = await desk.came(b"From: <script>alert(1)</script>\r\nContent-Type: text/html\r\n\r\n<script>x</script>\r\n")
    answer = await desk.ask(f"/v1/inbound/{name}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["mail"]["html"] == "<script>x</script>\n"


async def test_what_became_of_the_call_of_its_route_is_told(desk):
    name = await desk.came(route="hook", reason="webhook")
    (event,) = await desk.world.store.history.of_message(read(name))
    tries = ({"at": START, "status": 503, "ms": 4, "why": "its own error", "reply": ""},)
    call_of_it = Call(
        webhook="hook", id=f"evt_{show(event.id)}", place=1, message=event.message, kind="inbound", body=b"", due=START,
        tried=1, tries=tries,
    )  # fmt: skip
    desk.world.services.control.webhooks.settle(Settlement(now=START, calls=[call_of_it]))
    (told,) = (await desk.ask(f"/v1/inbound/{name}")).json()["recipients"]
    assert (told["call"]["state"], told["call"]["status"], told["call"]["why"]) == ("pending", 503, "its own error")


async def test_the_log_says_to_whom_mail_came_only_to_those_who_may_read_it(desk):
    name = await desk.came()
    for role, seen in (("owner", True), ("admin", True), ("reader", False), ("marketer", False)):
        answer = await desk.ask("/v1/events?kind=inbound", role)
        (told,) = answer.json()["items"]
        assert (told["kind"], told["message"], told["route"]) == ("inbound", f"{name}.1", "r1")
        assert (told["recipient"], told["source"]) == ((OURS, "192.0.2.9") if seen else ("", ""))
        asked = await desk.ask(f"/v1/events?recipient={OURS}", role)
        assert len(asked.json()["items"]) == seen
    (told,) = (await desk.ask("/v1/events", key=desk.world.keys["acme"]["api_key"])).json()["items"]
    assert told["recipient"] == ""
    assert (await desk.ask("/v1/events", tenant="rival")).json()["items"] == []
