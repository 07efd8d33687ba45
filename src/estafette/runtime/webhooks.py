"""Assembly of the calls to tenants' webhooks: one dispatcher for the service."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

from estafette.config.schema import Settings
from estafette.mail import late
from estafette.mail.incoming import incoming
from estafette.model.message import INBOUND, Content
from estafette.model.webhook import RoutedWebhook, Webhook
from estafette.net.client_tls import verified
from estafette.net.posting import Poster
from estafette.net.resolver import Resolver
from estafette.relay.inbox import Inbox, Kept
from estafette.runtime.assemble import Unit
from estafette.runtime.offices import office_of
from estafette.tenancy.office import new_id
from estafette.web import inbound_mail, shapes
from estafette.web.dialects.forms import FORMS
from estafette.webhooks import endpoints
from estafette.webhooks.caller import Caller
from estafette.webhooks.dispatcher import Dispatcher
from estafette.webhooks.form import Origin
from estafette.webhooks.rules import Rules

#: Contents that are read at once for what events do not say.
_CONTENTS = 50


def open_webhooks(unit: Unit) -> None:
    """Call webhooks until the process drains."""
    settings = unit.settings
    poster = Poster(
        Resolver(settings.dns.servers), settings.outgoing.allow_networks, within=settings.webhooks.timeout,
        own=[*settings.listen.http, *settings.listen.public, *settings.listen.metrics],
        tls=verified(settings.webhooks.ca_file),
    )  # fmt: skip
    dispatcher = Dispatcher(
        webhooks=unit.directory.control.webhooks, history=unit.store.history, keyring=unit.keyring,
        caller=Caller(poster, unit.clock), clock=unit.clock, rules=rules(settings), forms=FORMS,
        personal=partial(_personal, unit), origins=partial(_origins, unit), disable=partial(_disable, unit),
        new_id=new_id,
    )  # fmt: skip
    running = asyncio.create_task(dispatcher.run())

    async def end() -> None:
        dispatcher.stop()
        await running
        await poster.close()

    unit.closing(end)


def rules(settings: Settings) -> Rules:
    """Return what the operator decided about calls."""
    chosen = settings.webhooks
    return Rules(waits=tuple(chosen.retry), disable_after=chosen.disable_after, keep=chosen.keep)


def _disable(unit: Unit, webhook: Webhook, why: Literal["gone", "failing"]) -> None:
    if isinstance(webhook, RoutedWebhook):  # mail goes on to come in by its route, and is kept whatever it answers
        return
    endpoints.disable(office_of(unit), webhook, why)


def _personal(unit: Unit, tenant: str, stream: str) -> bool:
    known = unit.directory.stream(tenant, stream)
    return known is None or known.kind == "personal"


async def _origins(unit: Unit, messages: Sequence[int]) -> Mapping[int, Origin]:
    found = {message: Origin(domain=unit.settings.service.hostname) for message in messages}
    for start in range(0, len(messages), _CONTENTS):
        contents = await unit.store.spool.contents(messages[start : start + _CONTENTS])
        for message, content in contents.items():
            found[message] = Origin(
                subject=shapes.subject(content.subject), domain=content.sender.rpartition("@")[2],
                apart=await _apart(unit, content),
            )  # fmt: skip
        others = [message for message in messages[start : start + _CONTENTS] if message not in contents]
        for message, content in (await unit.store.spool.returned(others) if others else {}).items():
            if content.kind == INBOUND:
                found[message] = Origin(domain=content.sender.rpartition("@")[2], mail=await _mail(unit, content))
    return found


async def _mail(unit: Unit, content: Content) -> dict[str, Any]:
    """Return a message that came in as the API tells it."""
    body = await Inbox(unit.store.spool, unit.store.history).body(content)
    mail = None if content.handed else await asyncio.to_thread(incoming, body)
    service = unit.settings.service
    kept = Kept(content.id, (), content)
    return inbound_mail.shown(kept, mail, api_url=service.api_url, hostname=service.hostname)


async def _apart(unit: Unit, content: Content) -> bool:
    """Return whether every recipient's message has an id of its own."""
    if not content.late:
        return False
    stored = content.body
    if content.file:
        with await unit.store.spool.open_body(content) as file:
            stored = await asyncio.to_thread(file.read)
    return bool(late.opened(stored).people)
