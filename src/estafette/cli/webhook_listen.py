"""``estafette webhook listen``: live events, signed as the service signs them, to a program on this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from estafette.base import ids
from estafette.base.errors import Fault
from estafette.cli.call import Usage
from estafette.cli.opening import office, run, store, tenant_id
from estafette.model.event import Event, Reply
from estafette.model.tracking import Hit
from estafette.model.webhook import Format, Webhook

if TYPE_CHECKING:
    import aiohttp

    from estafette.net.posting import Poster

#: What names the key of an API, so that it stands in no list of processes.
KEY_VARIABLE = "ESTAFETTE_API_KEY"
_PAUSE = 0.5
_WAIT = 25
_WITHIN = 30.0

Kinds = Annotated[list[str] | None, Parameter(name="--event", negative="", help="Kind of event; repeatable. None: all")]
Live = AsyncIterator[Event]


def listen(
    *,
    to: str,
    tenant: str = "",
    server: str = "",
    event: Kinds = None,
    format: Format = "standard",  # noqa: A002 - the option's name
    secret: str = "",
    after: str = "",
) -> None:
    """Forward live events to an address of this machine, as a webhook would; no public address is needed.

    Parameters
    ----------
    to
        Where to, such as http://127.0.0.1:3000/hooks.
    tenant
        Whose events; with --server only where the key has several.
    server
        Address of a service elsewhere, whose API is followed with the key in ESTAFETTE_API_KEY; else the store here.
    event
        Kind of event, repeatable; none: all.
    format
        In whose form.
    secret
        whsec_... to sign with; else a new one, which is printed.
    after
        Begin after this cursor of the log, such as 0 for all there is; else with what happens from now on.
    """
    from estafette.webhooks.signature import new_secret

    if not server and not tenant:
        raise Usage("whose events?", place="--tenant", fix="name a tenant, or --server of a service elsewhere")
    chosen = secret or new_secret()
    print(f"secret {chosen}", flush=True)
    wanted = Webhook(id="listen", tenant=tenant, url=to, format=format, events=tuple(event or ()))
    events = _of_server(server, tenant, after) if server else _of_store(tenant_id(tenant), after)
    run(_forward(events, wanted, chosen, _open_streams(tenant) if not server else None))


def _open_streams(tenant: str) -> set[str]:
    """Return the streams of a tenant whose mail is not its sender's alone."""
    with office() as room:
        streams = room.control.streams(room.tenant(tenant).id)
        return {stream.name for stream in streams if stream.kind != "personal"}


async def _forward(events: Live, wanted: Webhook, secret: str, streams: set[str] | None) -> None:
    """Forward until interrupted. streams: those that are not personal; None: whoever told of the events has masked."""
    from estafette.runtime.clock import SystemClock
    from estafette.web.dialects.forms import FORMS
    from estafette.webhooks.caller import Caller
    from estafette.webhooks.form import Origin
    from estafette.webhooks.keys import Key, Keys
    from estafette.webhooks.making import calls

    poster = _poster()
    caller, keys, form = Caller(poster, SystemClock()), Keys((Key(secret),)), FORMS[wanted.format]
    try:
        async for event in events:
            origins = {event.message: Origin(domain="localhost")}
            made = calls(
                wanted, form, [(0, event)], now=event.at, origins=origins,
                personal=lambda _, stream: streams is not None and stream not in streams,
            )  # fmt: skip
            for chain in made.values():
                outcome = await caller.make(wanted.url, form, keys, chain)
                tried = outcome.attempt
                print(f"{chain[0].id} {event.kind} {tried.status or '-'} {tried.why or 'ok'}", flush=True)
    finally:
        await poster.close()


def _begun(cursor: str) -> None:
    print(f"listening after {cursor}", flush=True)


def _poster() -> Poster:
    """Return what posts wherever the developer says: it is their machine."""
    from estafette.net.client_tls import verified
    from estafette.net.posting import Poster
    from estafette.net.resolver import Resolver

    return Poster(Resolver(), ["0.0.0.0/0", "::/0"], within=_WITHIN, tls=verified())


async def _of_store(tenant: str, after: str) -> Live:
    from estafette.store.interface.history import EventFilter

    async with store() as opened:
        cursor = int(after) if after else await opened.history.position()
        _begun(str(cursor))
        while True:
            page = await opened.history.after(cursor, 100, EventFilter(tenant=tenant))
            for place, event in page:
                yield event
                cursor = place
            if not page:
                await asyncio.sleep(_PAUSE)


async def _of_server(server: str, tenant: str, after: str) -> Live:
    import aiohttp

    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        raise Fault("there is no key for the API", place=KEY_VARIABLE, fix=f"export {KEY_VARIABLE}=...")
    url = f"{server.rstrip('/')}/v1/events"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        asked = {"tenant": tenant} if tenant else {}
        cursor = after or await _end(session, url, asked)
        _begun(cursor)
        while True:
            answer = await _page(session, url, asked | {"after": cursor, "wait": str(_WAIT), "limit": "100"})
            for item in answer["items"]:
                yield read(item)
            cursor = answer["cursor"]


async def _end(session: aiohttp.ClientSession, url: str, asked: dict[str, str]) -> str:
    """Return where the log ends now."""
    cursor = "0"
    while True:
        answer = await _page(session, url, asked | {"after": cursor, "limit": "1000"})
        cursor = str(answer["cursor"])
        if answer["next"] is None:
            return cursor


async def _page(session: aiohttp.ClientSession, url: str, asked: dict[str, str]) -> dict[str, Any]:
    import aiohttp

    try:
        async with session.get(url, params=asked, timeout=aiohttp.ClientTimeout(_WAIT + 15)) as answer:
            told: dict[str, Any] = await answer.json(content_type=None)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Fault(f"the service does not answer: {error}", place="--server", fix="see that it runs") from None
    if answer.status != 200:
        raise Fault(str(told.get("detail", answer.status)), place="--server", fix=str(told.get("fix", "")))
    return told


def read(item: Mapping[str, Any]) -> Event:
    """Return the event that an item of ``/v1/events`` tells of, as far as webhooks tell of it."""
    from datetime import datetime

    message, _, number = item["message"].partition(".")
    reply, hit = item["reply"], item.get("hit")
    return Event(
        id=ids.read(item["id"]), at=datetime.fromisoformat(item["at"]).timestamp(), kind=item["kind"],
        tenant=item["tenant"], stream=item["stream"], message=ids.read(message), number=int(number or 0),
        recipient=item["recipient"], campaign=item["campaign"], attempt=item["attempt"],
        reply=Reply(reply["code"], reply["enhanced"], reply["text"]) if reply else None, site=item["site"],
        source=item["source"], reason=item["reason"], credential=item["credential"], size=item["size"],
        tags=tuple(item["tags"]), metadata=item["metadata"], template=item["template"],
        hit=Hit(**{**hit, "reasons": tuple(hit["reasons"])}) if hit else None, count=item.get("count", 1),
        route=item.get("route", ""),
    )  # fmt: skip
