"""Every event is told, in its message's order, whatever the other side does and whenever we are killed."""

import asyncio

from aiohttp import web
from tests.unit.webhooks.receiver import verified

from estafette.base import ids


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
