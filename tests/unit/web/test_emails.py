"""The send API over a real store, real control tables and the real gate: what is taken, what is refused, and how it says so."""

import asyncio
import base64
import json
from datetime import UTC, datetime

import pytest
from tests.unit.web.asgi import call
from tests.unit.web.test_api import bearer, letter
from tests.unit.web.world import NOON

from estafette.mail import late
from estafette.model.rule import Filter


async def post(world, path="/v1/emails", *, key="", **fields):
    headers = bearer(world) | ({"Idempotency-Key": key} if key else {})
    body = fields.pop("body", None)
    return await call(world.app, "POST", path, body=letter(**fields) if body is None else body, headers=headers)


async def batch(world, *emails, **fields):
    return await post(world, "/v1/emails/batch", body=json.dumps({"emails": list(emails), **fields}).encode())


def one(**fields):
    return json.loads(letter(**fields))


async def stored(world, answer):
    from estafette.base import ids

    number = ids.read(answer.json()["id"])
    content = (await world.store.spool.contents([number]))[number]
    rows = (await world.store.spool.find(Filter(message=number), limit=1000)).items
    return content, rows


async def accepted(world):
    return (await world.store.spool.counts())["accepted"]


async def test_everything_a_letter_may_have(world):
    answer = await post(
        world, to=[{"email": "bob@y.example", "name": "Bób"}], cc="c@z.example", reply_to=["Ann <ann@acme.example>"], html="<p>hi</p>",
        attachments=[{"filename": "a.txt", "content": base64.b64encode(b"file").decode()}, {"filename": "p.png", "content": "AAAA", "cid": "p"}],
        headers={"X-Order": "7"}, tags=["receipt"], metadata={"order": "7"}, campaign="spring", expires_in=600,
    )  # fmt: skip
    assert answer.status == 202, answer.body
    content, rows = await stored(world, answer)
    assert (content.tags, content.metadata, content.campaign) == (("receipt",), {"order": "7"}, "spring")
    assert b"\r\nX-Order: 7\r\n" in content.body
    assert b'filename="a.txt"' in content.body
    assert [round(row.expires - row.due) for row in rows] == [600, 600]


async def test_a_letter_for_each_of_ten_thousand_is_kept_once(world):
    people = [{"to": f"u{number}@y.example", "data": {"name": f"N{number}"}} for number in range(10_000)]
    answer = await post(
        world, to=[], recipients=people, subject="Hi {{ name }}", text="Dear {{ name }},", headers={"X-Same": "1"}
    )
    assert answer.status == 202, answer.body[:300]
    content, rows = await stored(world, answer)
    assert content.late
    assert content.recipients == 10_000
    assert content.file or len(content.body) < 2_000_000
    body = content.body
    if content.file:
        file = await world.store.spool.open_body(content)
        body = file.read()
        file.close()
    recipe = late.opened(body)
    message = late.write(recipe, 4321)
    assert b"Subject: Hi N4320\r\n" in message
    assert b"To: u4320@y.example\r\n" in message
    assert b"u4319" not in message
    assert message == late.write(recipe, 4321)
    assert {row.number for row in rows} <= set(range(1, 10_001))


async def test_one_bad_letter_does_not_take_the_good_ones_with_it(world):
    answer = await batch(world, one(), one(to=["nobody"]), {"bogus": 1}, one(**{"from": "x@rival.example"}), one())
    assert answer.status == 202, answer.body
    items = answer.json()["items"]
    assert [item["status"] for item in items] == ["queued", "refused", "refused", "refused", "queued"]
    assert [item.get("problem", {}).get("code") for item in items][1:4] == [
        "invalid_address",
        "invalid_request",
        "sender_not_allowed",
    ]
    assert items[1]["problem"]["field"] == "to.0"
    assert await accepted(world) == 2


async def test_all_or_nothing(world):
    answer = await batch(world, one(), one(to=["nobody"]), all_or_nothing=True)
    assert (answer.status, answer.json()["field"]) == (422, "emails.1.to.0")
    assert answer.json()["errors"][0]["index"] == "1"
    assert await accepted(world) == 0


async def test_a_bad_recipient_of_many_is_refused_alone(world):
    people = [{"to": "a@y.example"}, {"to": "nobody"}, {"to": "a@y.example"}]
    told = (await post(world, to=[], recipients=people)).json()["recipients"]
    assert [(each["status"], each.get("problem", {}).get("code")) for each in told] == [
        ("accepted", None), ("refused", "invalid_address"), ("refused", "duplicate_recipient"),
    ]  # fmt: skip


async def test_the_same_key_sends_once(world):
    answers = await asyncio.gather(*(post(world, key="k1") for _ in range(5)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await accepted(world) == 1
    other = await post(world, key="k1", subject="other")
    assert (other.status, other.json()["code"]) == (409, "idempotency_mismatch")
    assert (await post(world, key="k2")).json()["id"] != answers[0].json()["id"]


async def test_a_refused_request_leaves_its_key_free(world):
    assert (await post(world, key="k", to=["nobody"])).status == 422
    assert (await post(world, key="k")).status == 202


async def test_the_sandbox_checks_everything_and_sends_nothing(world):
    answer = await post(world, sandbox=True)
    assert (answer.status, answer.json()["status"]) == (202, "sandboxed")
    assert (await post(world, sandbox=True, **{"from": "x@rival.example"})).status == 403
    assert await accepted(world) == 0


def in_an_hour(hours=1):
    return datetime.fromtimestamp(NOON + hours * 3600, UTC).isoformat()


async def test_a_scheduled_letter_waits_moves_and_is_called_back(world):
    answer = await post(world, scheduled_at=in_an_hour())
    assert answer.json()["status"] == "scheduled"
    _, (row,) = await stored(world, answer)
    assert 3500 < row.due - NOON < 3700
    place = f"/v1/emails/{answer.json()['id']}"
    body = json.dumps({"scheduled_at": in_an_hour(5)}).encode()
    moved = await call(world.app, "PATCH", place, body=body, headers=bearer(world))
    assert moved.status == 200, moved.body
    _, (later,) = await stored(world, answer)
    assert round(later.due - row.due, -2) == 4 * 3600
    assert later.expires - later.due == pytest.approx(row.expires - row.due)
    assert (await call(world.app, "POST", f"{place}/cancel", headers=bearer(world, "rival"))).status == 404
    gone = await call(world.app, "POST", f"{place}/cancel", headers=bearer(world))
    assert (gone.status, gone.json()["recipients"]) == (202, 1)
    assert [rule.kind for rule in await world.store.spool.rules()] == ["cancel"]
    assert (await post(world, scheduled_at=in_an_hour(24 * 100))).json()["code"] == "scheduled_too_far"


async def test_content_is_read_and_sent_again_within_the_tenant(world):
    first = await post(world, tags=["t"])
    place = f"/v1/emails/{first.json()['id']}"
    source = await call(world.app, "GET", f"{place}/content", headers=bearer(world))
    assert (source.status, source.headers["content-type"]) == (200, "message/rfc822")
    assert b"\r\nTo: bob@y.example\r\n" in source.body
    assert (await call(world.app, "GET", f"{place}/content", headers=bearer(world, "rival"))).status == 404
    once = bearer(world) | {"Idempotency-Key": "again"}
    again = await call(world.app, "POST", f"{place}/resend", body=b'{"to": ["c@y.example"]}', headers=once)
    assert again.status == 202, again.body
    lost = await call(world.app, "POST", f"{place}/resend", body=b'{"to": ["c@y.example"]}', headers=once)
    assert lost.json() == again.json()
    content, rows = await stored(world, again)
    assert [row.address for row in rows] == ["c@y.example"]
    assert (content.tags, content.body.count(b"Received:")) == (("t",), 1)


async def test_the_list_is_newest_first_and_paged(world):
    sent = [(await post(world, subject=str(number))).json()["id"] for number in range(3)]
    for position, blob in await world.store.spool.outbox(0):
        await world.store.history.append([(position, blob)])
    seen, after = [], ""
    while True:
        page = (await call(world.app, "GET", f"/v1/emails?limit=2&after={after}", headers=bearer(world))).json()
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
        if not after:
            break
    assert seen == sent[::-1]
    assert (await call(world.app, "GET", "/v1/emails", headers=bearer(world, "rival"))).json()["items"] == []
    assert (await call(world.app, "GET", "/v1/emails?after=x", headers=bearer(world))).status == 422


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"from": "a', "invalid_request"),
        (b"[" * 100_000, "invalid_json"),
        (b'{"from": "a@acme.example", "from": "b@acme.example"}', "duplicate_key"),
        (b'{"from": "\xff"}', "invalid_json"),
        (b'{"from": NaN}', "invalid_json"),
        (b'{"from": "ann@acme.example", "to": ["b@y.example"], "text": "\\ud800"}', "invalid_text"),
        (b"{}", "invalid_request"),
    ],
)  # fmt: skip
async def test_what_is_no_request_gets_a_coded_answer(world, body, code):
    answer = await post(world, body=body)
    assert (answer.status, answer.json()["code"]) == (422, code), answer.body[:300]


async def test_a_million_recipients_are_refused_in_bounded_memory(world):
    body = letter(to=["a@y.example"] * 40_000)
    answer = await post(world, body=body)
    assert (answer.status, answer.json()["errors"][0]["rule"]) == (422, "too_long")
    huge = b'{"from": "ann@acme.example", "to": [' + b'"a@y.example",' * 1_000_000 + b'"a@y.example"]}'
    assert (await post(world, body=huge)).status == 413


async def test_addresses_that_are_not_public_are_not_fetched(world):
    for url in (
        "http://127.0.0.1:1/x",
        "http://[::1]/x",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "http://u:p@1.1.1.1/",
    ):
        answer = await post(world, attachments=[{"filename": "x", "url": url}])
        told = answer.json()
        assert (answer.status, told["code"], told["field"]) == (422, "attachment_not_fetched", "attachments.0.url")


async def test_what_was_answered_but_never_became_durable_is_taken_when_it_comes_again(world):
    from estafette.model.placement import Result
    from estafette.relay.submission.repetition import Repetition, digest_of
    from estafette.web.api.letters import EmailBody
    from estafette.web.api.letters import letter as read

    class Earlier:
        now = staticmethod(lambda: world.clock.now() - 60)

    services, lost = world.services, world.services.mint.next()
    digest = digest_of([[read(EmailBody.model_validate(one()))], False])
    died = Repetition(services.control.receipts, services.spool, services.history, Earlier())
    await died.keep(world.keys["acme"]["id"], "k", digest, [Result(index=0, status="queued", id=lost)])
    first, second = await post(world, key="k"), await post(world, key="k")
    assert (first.status, first.json()) == (202, second.json())
    assert await accepted(world) == 1
