"""Retention waits for webhooks, and for nobody when there are none."""

from estafette.webhooks.endpoints import Wish, update
from estafette.webhooks.place import WebhookPlace


async def test_the_place_is_the_end_without_webhooks_and_else_where_the_last_stands(yard):
    place = WebhookPlace(yard.control.webhooks, yard.history)
    await yard.happened("queued", "delivered")
    assert await place.position() == 2
    hook = yard.webhook()
    assert await place.position() == 0
    await yard.dispatcher().turn()
    assert await place.position() == 2
    await yard.happened("queued")
    assert await place.position() == 2
    update(yard.office, yard.targets, "acme", hook["id"], Wish(status="disabled"))
    assert await place.position() == 3
