"""``estafette inbound``: mail that came in by the routes of domains."""

from __future__ import annotations

import sys
from typing import Any

from cyclopts import App

from estafette.base import ids
from estafette.base.errors import Fault
from estafette.cli import output
from estafette.cli.call import Usage, call
from estafette.cli.opening import message_id, tenant_id, with_store
from estafette.cli.times import moment
from estafette.mail.incoming import incoming
from estafette.relay.inbox import Inbox, InboxPage, Kept
from estafette.store.interface.history import EventFilter
from estafette.store.open import Store
from estafette.web import inbound_mail

app = App(name="inbound", help="Mail that came in by the routes of domains.")
_COLUMNS = ("id", "at", "recipient", "sender", "subject", "reason", "route", "size")


@app.command(name="list")
def list_(
    *, tenant: str, recipient: str = "", route: str = "", since: str = "", until: str = "", limit: int = 100,
    after: str = "",
) -> None:  # fmt: skip
    """List what came in, newest first. recipient: one of our addresses. since, until: RFC 3339."""
    wanted = EventFilter(
        tenant=tenant_id(tenant), recipient=recipient, route=route, since=moment(since, "--since"),
        until=moment(until, "--until"),
    )  # fmt: skip
    if not 1 <= limit <= 1000:
        raise Usage("a page has 1 to 1000 items", place="--limit", fix="choose 1 to 1000")

    async def look(store: Store) -> InboxPage:
        await store.spool.flush()
        return await Inbox(store.spool, store.history).page(wanted, before=_cursor(after), limit=limit)

    found = with_store(look)
    output.listing(map(inbound_mail.listed, found.items), _COLUMNS, str(found.next) if found.next else None)


@app.command
def show(id: str, /, *, tenant: str, raw: bool = False) -> None:  # noqa: A002 - the contract's word
    """Show one taken apart. raw: print it as it was sent instead, our fields in front."""
    message, _ = message_id(id)
    owner = tenant_id(tenant)

    async def look(store: Store) -> tuple[Kept | None, bytes | None]:
        inbox = Inbox(store.spool, store.history)
        kept = await inbox.find(owner, message)
        content = kept.content if kept is not None else None
        return kept, None if content is None or content.handed else await inbox.body(content)

    kept, body = with_store(look)
    if kept is None:
        raise Fault(f"no message {id} came in to {tenant}", place=id, fix="see `estafette inbound list`")
    if raw:
        _write(body, message)
        return
    service = call.settings.service
    mail = None if body is None else incoming(body)
    told = inbound_mail.shown(kept, mail, api_url=service.api_url, hostname=service.hostname)
    _tell(told)


def _write(body: bytes | None, message: int) -> None:
    if body is None:
        fix = "it went to your own server, or its time is over"
        raise Fault(f"the message {ids.show(message)} is not kept here", place="--raw", fix=fix)
    sys.stdout.buffer.write(body)
    sys.stdout.flush()


def _tell(told: dict[str, Any]) -> None:
    """Print a document; or what a person wants to read, without what could drive the terminal."""
    if call.json:
        output.document(told)
        return
    mail = told["mail"]
    envelope = {name: value for name, value in told.items() if name not in {"mail", "raw", "recipients"}}
    to = [f"{each['recipient']} ({each['reason'] or 'not read yet'})" for each in told["recipients"]]
    output.resource({**envelope, "recipients": to})
    if mail is None:
        return
    fields = ("from", "to", "cc", "reply_to", "subject", "date", "message_id", "authentication", "spam")
    output.resource({name: mail[name] for name in fields if mail[name]})
    files = [f"{each['number']} {each['name']} ({each['type']}, {each['size']})" for each in mail["attachments"]]
    output.resource({"attachments": files})
    print()
    print(output.plain(mail["text"] or ("(HTML alone: see --raw)" if mail["html"] else "")))


def _cursor(after: str) -> int:
    if after and not (after.isascii() and after.isdigit() and len(after) < 19):
        raise Usage(f"{after[:20]!r} is no cursor", place="--after", fix="give what the page before ended with")
    return int(after or 0)
