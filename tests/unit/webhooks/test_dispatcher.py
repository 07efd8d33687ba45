"""Every event is told, in its message's order, whatever the other side does and whenever we are killed."""

import asyncio

from aiohttp import web
from tests.unit.webhooks.receiver import verified

from estafette.base import ids
from estafette.base.errors import StoreUnavailable


async def test_what_happens_is_told_signed_and_logged(yard):
    hook = yard.webhook()
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    (event,) = await yard.happened("delivered", campaign="spring", tags=("a",), metadata={"order": "7"})
    await yard.work(dispatcher, lambda: yard.receiver.calls)
    (call,) = yard.receiver.calls
    body = verified(call, hook["secret"])
    assert call.id == f"evt_{ids.show(event.id)}"
    assert body["type"] == "delivered"
    assert body["data"]["message"] == f"{ids.show(event.message)}.1"
    assert body["data"]["recipient"] == "ann@example.net"
    assert body["data"]["metadata"] == {"order": "7"}
    await dispatcher.turn()
    (logged,) = yard.calls(hook)
    assert (logged["state"], logged["status"], logged["attempts"]) == ("done", 200, 1)


async def test_what_happened_before_a_webhook_is_not_told(yard):
    await yard.happened("delivered")
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    yard.webhook()
    await yard.happened("bounced")
    await yard.work(dispatcher, lambda: yard.receiver.calls)
    await dispatcher.turn()
    assert yard.receiver.kinds() == ["bounced"]


def failing(*messages, status=500, headers=None):
    """Return an answer that refuses calls about some messages."""
    names = {ids.show(message) for message in messages}

    def answer(call):
        told = call.json()["data"]["message"].partition(".")[0]
        return web.Response(status=status, headers=headers) if told in names else web.Response()

    return answer


async def test_a_call_that_fails_holds_back_its_own_message_only(yard):
    hook = yard.webhook()
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    ill, well = yard.mint.next(), yard.mint.next()
    yard.receiver.answer = failing(ill)
    first = await yard.happened("queued", "delivered", message=ill)
    await yard.work(dispatcher, lambda: yard.receiver.calls)
    later = await yard.happened("opened", message=ill)
    others = await yard.happened("queued", "delivered", message=well)
    await yard.work(dispatcher, lambda: len(yard.receiver.calls) == 3)
    await dispatcher.turn()
    assert yard.receiver.ids() == [f"evt_{ids.show(each.id)}" for each in (first[0], *others)]
    waiting = yard.calls(hook, state="pending")
    assert [(each["kind"], each["attempts"]) for each in waiting] == [("opened", 0), ("delivered", 0), ("queued", 1)]
    assert waiting[0]["why"] == "it waits for an earlier call of the same message"
    assert waiting[2]["why"] == "answered 500: its own error"
    yard.receiver.answer = lambda _call: web.Response()
    yard.clock.ahead += 1300
    await yard.work(dispatcher, lambda: len(yard.receiver.calls) == 6)
    assert yard.receiver.ids()[3:] == [f"evt_{ids.show(each.id)}" for each in (*first, *later)]


async def test_the_other_sides_wish_for_rest_is_heard(yard):
    hook = yard.webhook()
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    yard.receiver.answer = lambda _call: web.Response(status=429, headers={"Retry-After": "5000"}, text="slow\x1bdown")
    await yard.happened("delivered")
    await yard.work(dispatcher, lambda: yard.calls(hook, state="pending"))
    (call,) = yard.control.webhooks.due(hook["id"], yard.clock.now() + 6000, 9)
    assert 4990 < call.due - yard.clock.now() <= 5000
    assert (call.attempts[0].status, call.attempts[0].reply) == (429, "slow\N{REPLACEMENT CHARACTER}down")


async def test_a_call_is_given_up_at_the_end_of_the_schedule_and_the_next_one_goes(yard):
    hook = yard.webhook()
    dispatcher = yard.dispatcher(rules={"waits": [10.0, 20.0]})
    await dispatcher.turn()
    yard.receiver.answer = lambda call: web.Response(status=500 if call.json()["type"] == "queued" else 200)
    await yard.happened("queued", "delivered")
    for made in (1, 2, 3):
        await yard.work(dispatcher, lambda made=made: len(yard.receiver.calls) >= made)
        await dispatcher.turn()
        yard.clock.ahead += 40
    await yard.work(dispatcher, lambda: not yard.calls(hook, state="pending"))
    assert yard.receiver.kinds() == ["queued"] * 3 + ["delivered"]
    assert [(each["kind"], each["state"], each["attempts"]) for each in yard.calls(hook)] == [
        ("delivered", "done", 1), ("queued", "failed", 3),
    ]  # fmt: skip


async def test_410_disables_and_tells_the_tenant(yard):
    hook = yard.webhook(url=f"{yard.receiver.url}?token=secret")
    yard.control.put_tenant(_alerted(yard), yard.office.entry("t"))
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    yard.receiver.answer = lambda _call: web.Response(status=410)
    await yard.happened("delivered")
    await yard.work(dispatcher, lambda: yard.shown(hook)["status"] == "disabled")
    assert "410" in yard.shown(hook)["reason"]
    (letter,) = yard.letters()
    assert "answered 410" in letter.text
    assert "secret" not in letter.text
    await yard.happened("delivered")
    await dispatcher.turn()
    await dispatcher.turn()
    assert len(yard.receiver.calls) == 1


def _alerted(yard):
    import msgspec

    return msgspec.structs.replace(yard.office.tenant("acme"), alert_to="boss@acme.example")


async def test_days_of_failures_disable_and_one_success_begins_anew(yard):
    hook = yard.webhook()
    yard.control.put_tenant(_alerted(yard), yard.office.entry("t"))
    dispatcher = yard.dispatcher(rules={"disable_after": 100.0})
    await dispatcher.turn()
    bad = yard.mint.next()
    yard.receiver.answer = failing(bad)
    await yard.happened("delivered", message=bad)
    await yard.work(dispatcher, lambda: yard.shown(hook)["failing_since"])
    await yard.happened("delivered")
    await yard.work(dispatcher, lambda: not yard.shown(hook)["failing_since"])
    yard.clock.ahead += 200
    await yard.happened("delivered", message=yard.mint.next())
    await yard.work(dispatcher, lambda: len(yard.receiver.calls) == 3)
    assert yard.shown(hook)["status"] == "active"
    yard.receiver.answer = lambda _call: web.Response(status=503)
    for _ in range(2):
        await yard.happened("delivered")
        await yard.work(dispatcher, lambda: yard.shown(hook)["failing_since"])
        yard.clock.ahead += 101
    await yard.work(dispatcher, lambda: yard.shown(hook)["status"] == "disabled")
    assert "No call to" in yard.letters()[0].text


async def test_a_slow_endpoint_holds_up_no_other_and_is_called_once(yard):
    release = asyncio.Event()
    slow = yard.webhook(name="slow", url=f"{yard.receiver.url}/slow")
    yard.webhook(name="quick")

    async def wait():
        await release.wait()
        return web.Response()

    yard.receiver.answer = lambda call: wait() if "slow" in call.path else web.Response()
    dispatcher = yard.dispatcher(within=30.0)
    await dispatcher.turn()
    for _ in range(3):
        await yard.happened("delivered")
        await dispatcher.turn()
    quick = [call for call in yard.receiver.calls if "slow" not in call.path]
    assert len(quick) == 3
    assert len(yard.calls(slow, state="pending")) == 3
    release.set()
    await yard.work(dispatcher, lambda: not yard.calls(slow, state="pending"))
    assert len(yard.receiver.calls) == 6


async def test_no_more_calls_are_under_way_than_the_webhook_takes(yard):
    yard.webhook(concurrency=3)
    dispatcher = yard.dispatcher()
    await dispatcher.turn()

    async def linger():
        await asyncio.sleep(0.01)
        return web.Response()

    yard.receiver.answer = lambda _call: linger()
    for _ in range(20):
        await yard.happened("queued", "delivered")
    await yard.work(dispatcher, lambda: len(yard.receiver.calls) == 40)
    assert yard.receiver.most_under_way == 3


async def test_nobody_answers_redirects_are_not_followed_and_both_are_explained(yard):
    dead = yard.webhook(url="http://127.0.0.1:9999/")
    astray = yard.webhook()
    yard.receiver.answer = lambda _call: web.Response(status=302, headers={"Location": f"{yard.receiver.url}/on"})
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    await yard.happened("delivered")
    await yard.work(dispatcher, lambda: yard.calls(dead) and yard.calls(astray))
    assert "no connection" in yard.calls(dead)[0]["why"]
    assert "redirects are not followed" in yard.calls(astray)[0]["why"]
    assert len(yard.receiver.calls) == 1


async def test_personal_mail_is_told_without_whom_it_went_to(yard):
    yard.webhook()
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    await yard.happened("delivered", stream="personal", campaign="x", tags=("t",), metadata={"a": "b"}, site="mx")
    await yard.work(dispatcher, lambda: yard.receiver.calls)
    data = yard.receiver.calls[0].json()["data"]
    assert data["private"] is True
    assert (data["recipient"], data["campaign"], data["tags"], data["metadata"], data["site"]) == ("", "", [], {}, "")


async def test_only_what_was_chosen_is_told_and_only_to_its_tenant(yard):
    from estafette.tenancy import tenants

    rival = tenants.create(yard.office, "rival")["id"]
    yard.webhook(events=["bounced"], streams=["bulk"])
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    await yard.happened("bounced", stream="bulk", tenant=rival)
    await yard.happened("bounced", stream="transactional")
    await yard.happened("queued", "delivered", stream="bulk")
    await yard.happened("bounced", stream="bulk", campaign="mine")
    await yard.work(dispatcher, lambda: yard.receiver.calls)
    await dispatcher.turn()
    assert [call.json()["data"]["campaign"] for call in yard.receiver.calls] == ["mine"]


async def test_events_of_a_group_leave_together_and_a_failed_group_is_taken_apart(yard):
    hook = yard.webhook(format="mailjet", concurrency=1)
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    poison = yard.mint.next()

    def answer(call):
        bad = any(ids.show(poison) in item["data"]["message"] for item in call.json())
        return web.Response(status=500 if bad else 200)

    yard.receiver.answer = answer
    made = [
        await yard.happened("queued", "delivered", message=each)
        for each in (yard.mint.next(), poison, yard.mint.next())
    ]
    await yard.work(dispatcher, lambda: yard.receiver.calls)
    await dispatcher.turn()
    yard.clock.ahead += 1300
    await yard.work(dispatcher, lambda: len(yard.calls(hook, state="done")) == 4)
    assert len(yard.receiver.calls[0].json()) == 6
    waiting = yard.calls(hook, state="pending")
    assert {each["message"] for each in waiting} == {ids.show(poison)}
    assert len(made) == 3


async def test_a_call_is_made_again_when_a_person_asks(yard):
    from estafette.webhooks import log, standard

    hook = yard.webhook()
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    ping = log.ping(yard.office, {"standard": standard.FORM}, "acme", hook["id"])
    await yard.work(dispatcher, lambda: yard.calls(hook, state="done"))
    assert verified(yard.receiver.calls[0], hook["secret"])["type"] == "ping"
    log.retry(yard.office, "acme", hook["id"], ping["id"])
    await yard.work(dispatcher, lambda: len(yard.receiver.calls) == 2)
    assert yard.receiver.ids() == [ping["id"]] * 2


async def test_a_part_of_the_past_is_told_again_under_its_ids(yard):
    from estafette.webhooks import log

    old = await yard.happened("queued")
    yard.clock.ahead += 100
    since = yard.clock.now()
    missed = await yard.happened("queued", "delivered")
    yard.clock.ahead += 100
    until = yard.clock.now()
    await yard.happened("opened")
    hook = yard.webhook()
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    cursor, stop = await log.before(yard.history, since), await yard.history.position()
    log.replay(yard.office, "acme", hook["id"], since=since, until=until, cursor=cursor, stop=stop)
    await yard.work(dispatcher, lambda: len(yard.receiver.calls) == 2)
    await dispatcher.turn()
    assert yard.receiver.ids() == [f"evt_{ids.show(each.id)}" for each in missed]
    assert [each.id for each in yard.control.webhooks.readers()] == [""]
    assert old


async def test_both_secrets_sign_while_one_replaces_the_other(yard):
    import pytest
    from standardwebhooks import WebhookVerificationError

    from estafette.webhooks import endpoints

    hook = yard.webhook()
    fresh = endpoints.rotate(yard.office, "acme", hook["id"], keep=100.0)
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    await yard.happened("delivered")
    await yard.work(dispatcher, lambda: yard.receiver.calls)
    for secret in (hook["secret"], fresh["secret"]):
        assert verified(yard.receiver.calls[0], secret)["type"] == "delivered"
    yard.clock.ahead += 101
    await yard.happened("bounced")
    await yard.work(dispatcher, lambda: len(yard.receiver.calls) == 2)
    assert verified(yard.receiver.calls[1], fresh["secret"])
    with pytest.raises(WebhookVerificationError):
        verified(yard.receiver.calls[1], hook["secret"])


async def test_a_user_and_password_in_the_address_travel_as_authorization(yard):
    hook = yard.webhook(url=yard.receiver.url.replace("http://", "http://ann:s%3Acret@"))
    assert "ann" not in hook["url"]
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    await yard.happened("delivered")
    await yard.work(dispatcher, lambda: yard.receiver.calls)
    assert yard.receiver.calls[0].headers["Authorization"] == "Basic YW5uOnM6Y3JldA=="


async def test_without_a_crash_nothing_is_told_twice(yard, monkeypatch):
    from estafette.webhooks import dispatcher as module
    from estafette.webhooks import stock

    monkeypatch.setattr(module, "GRACE", 0.02)
    monkeypatch.setattr(stock, "COUNT_EVERY", 0.0)
    hook = yard.webhook(concurrency=4)
    dispatcher = yard.dispatcher()
    await dispatcher.turn()

    async def linger():
        await asyncio.sleep(0.005)
        return web.Response()

    yard.receiver.answer = lambda _call: linger()
    made = [event for _ in range(60) for event in await yard.happened("queued", "delivered")]
    await yard.work(dispatcher, lambda: len(set(yard.receiver.ids())) == len(made))
    await yard.work(dispatcher, lambda: not yard.calls(hook, state="pending"))
    assert len(yard.receiver.calls) == len(made)


class Moody:
    """Tables that cannot be used at times."""

    def __init__(self, real):
        self._real, self.left = real, 2

    def __getattr__(self, name):
        return getattr(self._real, name)

    def settle(self, settlement):
        if self.left and settlement.calls:
            self.left -= 1
            raise StoreUnavailable("busy")
        self._real.settle(settlement)


async def test_what_was_made_is_written_as_soon_as_the_tables_can_be_used(yard):
    hook = yard.webhook()
    moody = Moody(yard.control.webhooks)
    dispatcher = yard.dispatcher(webhooks=moody)
    await dispatcher.turn()
    await yard.happened("delivered")
    await yard.work(dispatcher, lambda: yard.calls(hook, state="done"))
    assert moody.left == 0
    assert len(yard.receiver.calls) == 1


async def test_one_bad_turn_is_not_the_last(yard, monkeypatch):
    yard.webhook()
    dispatcher = yard.dispatcher()
    await dispatcher.turn()
    real, bad = yard.history.after, [1]

    async def after(*words):
        if bad:
            bad.pop()
            raise RuntimeError("what nobody thought of")
        return await real(*words)

    monkeypatch.setattr(yard.history, "after", after)
    running = asyncio.create_task(dispatcher.run())
    await yard.happened("delivered")
    yard.receiver.note = lambda _call, _status: dispatcher.stop()
    await running
