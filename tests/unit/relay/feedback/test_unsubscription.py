"""An unsubscription takes effect in the directory and the log, whatever is left of the message."""

from __future__ import annotations

import pytest
from tests.contract.kit import START, submission

from estafette.base.errors import StoreUnavailable
from estafette.events.acts import Unsubscription
from estafette.model.event import pack, unpack
from estafette.relay.feedback.unsubscription import Unsubscribing
from estafette.tenancy import suppressions, tenants
from estafette.tracking.token import person_of


@pytest.fixture
def tenant(office):
    return tenants.create(office, "acme")["id"]


@pytest.fixture
def unsubscribing(office, store):
    return Unsubscribing(office, store.spool, store.history)


def asked(office, tenant, message, **more):
    fields = {"stream": "bulk", "number": 1, "topic": "", "means": "one_click"} | more
    return Unsubscription(
        4711, START + 60, tenant, message=message, person=person_of(office.keyring, tenant, "ann@example.com"), **fields
    )


async def told(store):
    return [event for event in await logged(store) if event.kind == "unsubscribed"]


async def logged(store):
    await store.spool.flush()
    return [event for _, event in await store.history.after(0)]


async def test_the_address_gets_no_more_of_the_stream_and_the_log_says_so(
    office, directory, store, unsubscribing, tenant
):
    sent = submission(
        "ann@example.com", "joe@example.com", tenant=tenant, stream="bulk", campaign="spring", tags=("a",)
    )
    events = [
        pack(type(event)(event.id, START, "queued", tenant, "bulk", event.message, event.number, event.recipient, "spring"))
        for event in map(unpack, sent.events)
    ]  # fmt: skip
    await store.spool.accept(type(sent)(sent.content, sent.deliveries, tuple(events)))
    act = asked(office, tenant, sent.content.id)
    await unsubscribing.apply(act)
    await unsubscribing.apply(act)
    directory.reload()
    assert directory.suppressed(tenant, "bulk", "Ann@example.com") == "unsubscribed"
    assert directory.suppressed(tenant, "bulk", "joe@example.com") == ""
    assert directory.suppressed(tenant, "transactional", "ann@example.com") == ""
    (event,) = await told(store)
    assert (event.id, event.at, event.tenant, event.stream) == (4711, START + 60, tenant, "bulk")
    assert (event.message, event.number, event.recipient) == (sent.content.id, 1, "ann@example.com")
    assert (event.campaign, event.source) == ("spring", "one_click")


async def test_a_message_that_the_log_forgot_still_stops_its_recipient(office, directory, store, unsubscribing, tenant):
    await unsubscribing.apply(asked(office, tenant, 99))
    directory.reload()
    assert directory.suppressed(tenant, "bulk", "ann@example.com") == "unsubscribed"
    assert directory.suppressed(tenant, "bulk", "joe@example.com") == ""
    assert [event.recipient for event in await told(store)] == [""]


async def test_a_message_of_another_tenant_lends_no_address(office, directory, store, unsubscribing, tenant):
    sent = submission("joe@example.com", tenant="t1")
    await store.spool.accept(sent)
    await unsubscribing.apply(asked(office, tenant, sent.content.id))
    directory.reload()
    assert directory.suppressed(tenant, "bulk", "joe@example.com") == ""
    assert directory.suppressed(tenant, "bulk", "ann@example.com") == "unsubscribed"


async def test_a_stream_that_is_gone_stops_all_of_the_tenant(office, directory, unsubscribing, tenant):
    await unsubscribing.apply(asked(office, tenant, 99, stream="newsletter"))
    directory.reload()
    assert directory.suppressed(tenant, "transactional", "ann@example.com") == "unsubscribed"


async def test_a_tenant_that_is_gone_has_nothing_to_stop(office, store, unsubscribing):
    await unsubscribing.apply(asked(office, "nobody", 99))
    assert suppressions.list_all(office)["items"] == []
    assert await told(store) == []


async def test_without_a_store_it_fails_and_may_be_repeated(office, store, unsubscribing, tenant, monkeypatch):
    async def silent(_events):
        raise StoreUnavailable("silent", place="store.sock")

    monkeypatch.setattr(store.spool, "record", silent)
    with pytest.raises(StoreUnavailable):
        await unsubscribing.apply(asked(office, tenant, 99))
    monkeypatch.undo()
    await unsubscribing.apply(asked(office, tenant, 99))
    assert len(await told(store)) == 1
