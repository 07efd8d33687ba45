"""Webhooks as a tenant has them: made, changed, given another secret, switched off and on again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import msgspec

from estafette.base.errors import Fault
from estafette.model.event import EVENT_KINDS
from estafette.model.webhook import FORMATS, Format, Webhook, WebhookStatus
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import AuditEntry
from estafette.tenancy import features, proof
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, new_id, resource
from estafette.webhooks import keys
from estafette.webhooks.keys import Key, Keys
from estafette.webhooks.signature import new_secret
from estafette.webhooks.targets import Targets

#: Webhooks of one tenant, and calls that one may have under way.
MOST = 50
MOST_CALLS = 32
#: Seconds for which a secret that was replaced still signs beside the new one, at most.
LONGEST_CHANGE = 30 * 86_400.0
_REASONS = {"gone": "it answered 410: it wants no more calls", "failing": "no call has succeeded for days"}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants of a webhook; None leaves it as it is. events, streams: empty = all.

    authorization: what calls carry in that field, "" for nothing; a user and password in ``url`` become one.
    """

    url: str | None = None
    name: str | None = None
    format: Format | None = None
    events: Sequence[str] | None = None
    streams: Sequence[str] | None = None
    concurrency: int | None = None
    authorization: str | None = None
    status: WebhookStatus | None = None


def create(office: Office, targets: Targets, tenant: str, wish: Wish) -> Resource:
    """Add a webhook; its secret is in the answer and nowhere else. NotInPlan, Fault."""
    account = office.tenant(tenant)
    page = partial(office.control.webhooks.page, tenant=account.id)
    features.room(office, account, "webhooks", "url", page)
    if len(page(Page(limit=MOST)).items) >= MOST:
        raise Fault(f"a tenant has at most {MOST} webhooks", place="url", fix="remove one")
    secret, now = new_secret(), office.now()
    blank = Webhook(id=new_id(), tenant=account.id, url="", created=now, changed=now)
    made, held = _wished(office, targets, blank, Keys((Key(secret),)), wish)
    sealed = msgspec.structs.replace(made, sealed=keys.seal(office.keyring, made.id, held))
    office.control.webhooks.add(sealed, _entry(office, "webhook.create", None, sealed))
    return {**show(office, account.id, sealed.id), "secret": secret}


def list_all(office: Office, tenant: str, page: Page = FIRST) -> Resource:
    """Return a page of a tenant's webhooks, oldest first."""
    found = office.control.webhooks.page(page, tenant=office.tenant(tenant).id)
    return listing([_told(office, each) for each in found.items], found.next)


def show(office: Office, tenant: str, webhook: str) -> Resource:
    """Return a webhook. NotFound."""
    return _told(office, find(office, tenant, webhook))


def update(office: Office, targets: Targets, tenant: str, webhook: str, wish: Wish) -> Resource:
    """Change what is given. Switched on again it is called with what happens from then on. NotFound, Stale, Fault."""
    before = find(office, tenant, webhook)
    office.seen(before.version)
    after, held = _wished(office, targets, before, _keys(office, before), wish)
    sealed = msgspec.structs.replace(after, sealed=keys.seal(office.keyring, before.id, held), changed=office.now())
    office.control.webhooks.change(sealed, _entry(office, "webhook.update", before, sealed))
    return show(office, before.tenant, before.id)


def rotate(office: Office, tenant: str, webhook: str, *, keep: float = 86_400.0) -> Resource:
    """Give it a new secret, which is in the answer; the old one signs beside it for ``keep`` seconds. NotFound, Stale.

    A secret that somebody has got hold of is replaced with ``keep`` 0.
    """
    before = find(office, tenant, webhook)
    office.seen(before.version)
    held, now, secret = _keys(office, before), office.now(), new_secret()
    until = now + min(max(keep, 0.0), LONGEST_CHANGE)
    old = [Key(key.secret, min(until, key.until or until)) for key in held.keys if key.until is None or key.until > now]
    fresh = msgspec.structs.replace(held, keys=(Key(secret), *(old[:2] if keep > 0 else ())))
    after = msgspec.structs.replace(before, sealed=keys.seal(office.keyring, before.id, fresh), changed=now)
    office.control.webhooks.change(after, _entry(office, "webhook.rotate", before, after))
    return {**show(office, before.tenant, before.id), "secret": secret}


def remove(office: Office, tenant: str, webhook: str) -> Resource:
    """Remove a webhook with its calls. NotFound, Stale."""
    before = find(office, tenant, webhook)
    office.seen(before.version)
    office.control.webhooks.remove(before, _entry(office, "webhook.remove", before, None))
    return {"id": before.id, "tenant": before.tenant, "removed": True}


def disable(office: Office, webhook: Webhook, why: Literal["gone", "failing"]) -> None:
    """Switch a webhook off because of how it answers, and owe its tenant a letter. Stale when it changed meanwhile."""
    after = msgspec.structs.replace(webhook, status="disabled", reason=_REASONS[why], changed=office.now())
    place = without_query(webhook.url)
    since = (moment(webhook.failing) or moment(office.now()) or "")[:16].replace("T", " ")
    told = proof.told(office, webhook.tenant, f"webhook-{why}", url=place, name=webhook.name or place, since=since)
    entry = _entry(office, "webhook.disable", webhook, after, detail=after.reason)
    office.control.webhooks.change(after, entry, told)


def find(office: Office, tenant: str, webhook: str) -> Webhook:
    """Return a webhook of a tenant; NotFound."""
    found = office.control.webhooks.find(office.tenant(tenant).id, webhook)
    if found is None:
        raise NotFound(f"there is no webhook {webhook[:64]!r}", place="webhook", fix="see `estafette webhook list`")
    return found


def without_query(url: str) -> str:
    """Return an address without its query, in which receivers like to have a secret."""
    return urlunsplit(urlsplit(url)._replace(query=""))


def _wished(office: Office, targets: Targets, webhook: Webhook, held: Keys, wish: Wish) -> tuple[Webhook, Keys]:
    given = {name: getattr(wish, name) for name in wish.__struct_fields__ if getattr(wish, name) is not None}
    authorization = given.pop("authorization", None)
    if "url" in given or not webhook.url:
        given["url"], inside = keys.apart(given.get("url", ""))
        targets.check(given["url"])
        authorization = (inside or None) if authorization is None else authorization
    _check(office, webhook, given)
    if given.get("status") == "active" and webhook.status == "disabled":
        given |= {"reason": "", "failing": 0.0}
    if given.get("status") == "disabled" and webhook.status == "active":
        given["reason"] = f"switched off by {office.who.label}"[:255]
    given |= {name: tuple(dict.fromkeys(given[name])) for name in ("events", "streams") if name in given}
    if authorization is not None:
        held = msgspec.structs.replace(held, authorization=_field(authorization))
    return msgspec.structs.replace(webhook, **given), held


def _check(office: Office, webhook: Webhook, given: dict[str, object]) -> None:
    if not str(given.get("name", "")).isprintable():
        raise Fault("a name has no control characters", place="name", fix="leave them out")
    if given.get("format", "standard") not in FORMATS:
        raise Fault("there is no such format", place="format", fix=f"choose {', '.join(FORMATS)}")
    for kind in _words(given, "events"):
        if kind not in EVENT_KINDS:
            raise Fault(f"{kind[:40]!r} is no kind of event", place="events", fix="see docs/reference/events.md")
    known = {stream.name for stream in office.control.streams(webhook.tenant)}
    for name in _words(given, "streams"):
        if name not in known:
            raise Fault(f"there is no stream {name[:64]!r}", place="streams", fix="see `estafette stream list`")
    if not 1 <= int(str(given.get("concurrency", 1))) <= MOST_CALLS:
        raise Fault("that many calls at once are not made", place="concurrency", fix=f"choose 1 to {MOST_CALLS}")


def _words(given: dict[str, object], name: str) -> list[str]:
    found = given.get(name, ())
    assert isinstance(found, Sequence)
    return list(found)


def _field(authorization: str) -> str:
    if not authorization.isascii() or not authorization.isprintable() or len(authorization) > 1_000:
        fix = "such as Bearer TOKEN, in ASCII"
        raise Fault("this cannot stand in an Authorization field", place="authorization", fix=fix)
    return authorization


def _keys(office: Office, webhook: Webhook) -> Keys:
    return keys.opened(office.keyring, webhook.id, webhook.sealed)


def _entry(office: Office, act: str, before: Webhook | None, after: Webhook | None, detail: str = "") -> AuditEntry:
    either = after or before
    assert either is not None
    shown = [each and msgspec.structs.replace(each, url=without_query(each.url)) for each in (before, after)]
    return office.entry(act, tenant=either.tenant, subject=either.id, detail=detail, before=shown[0], after=shown[1])


def _told(office: Office, webhook: Webhook) -> Resource:
    held = _keys(office, webhook)
    old = [key.until for key in held.keys if key.until is not None and key.until > office.now()]
    return resource(
        {
            "id": webhook.id,
            "tenant": webhook.tenant,
            "url": webhook.url,
            "name": webhook.name,
            "format": webhook.format,
            "events": webhook.events,
            "streams": webhook.streams,
            "status": webhook.status,
            "reason": webhook.reason,
            "concurrency": webhook.concurrency,
            "authorization": bool(held.authorization),
            "failing_since": moment(webhook.failing),
            "old_secret_until": moment(max(old)) if old else None,
            "created": moment(webhook.created),
            "changed": moment(webhook.changed),
            "version": webhook.version,
        }
    )
