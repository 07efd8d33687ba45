"""Topics: what a stream's mail is about, so that a recipient may leave one part of it and keep the rest."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from estafette.base.errors import Fault
from estafette.model.topic import SCOPE_LENGTH, Topic, is_name, scope
from estafette.store.interface.page import FIRST
from estafette.store.interface.records import AlreadyThere, Suppression, unnamed
from estafette.tenancy import streams
from estafette.tenancy.office import NotFound, Office, Resource, listing, moment, resource
from estafette.tracking.token import person_of

#: Topics of one stream: what fits on a page that somebody reads.
MOST = 50
TITLE_LENGTH = 120
#: The reason that recipients themselves cause, and so the only one that they themselves lift.
LEFT = "unsubscribed"


def create(office: Office, tenant: str, stream: str, name: str, *, title: str, french: str = "") -> Resource:
    """Add a topic to a stream whose mail is not people's own. NotFound, AlreadyThere, Fault."""
    owner = office.tenant(tenant).id
    if streams.find(office, owner, stream).kind == "personal":
        raise _wrong("stream", "people's own mail has no topics", "name a transactional or bulk stream")
    if not is_name(name):
        fix = "use 1 to 48 lower-case letters, digits, hyphens"
        raise _wrong("name", f"{name[:64]!r} is no name for a topic", fix)
    if len(scope(stream, name)) > SCOPE_LENGTH:
        raise _wrong("name", f"{scope(stream, name)!r} is too long", "shorten the topic's name")
    if len(office.control.topics.list(owner, stream)) >= MOST:
        raise _wrong("name", f"a stream has at most {MOST} topics", "remove one, or use another stream")
    made = _told(Topic(tenant=owner, stream=stream, name=name, title="", created=office.now()), title, french)
    try:
        office.control.topics.add_topic(made, office.entry("topic.create", tenant=owner, subject=name, after=made))
    except AlreadyThere:
        raise AlreadyThere(f"there is a topic {name} of {stream} already") from None
    return show(office, owner, stream, name)


def list_all(office: Office, tenant: str, stream: str = "") -> Resource:
    """Return the topics of a tenant, or of one stream, as recipients see them."""
    return listing([_shown(each) for each in office.control.topics.list(office.tenant(tenant).id, stream)])


def show(office: Office, tenant: str, stream: str, name: str) -> Resource:
    """Return one topic; NotFound."""
    return _shown(find(office, office.tenant(tenant).id, stream, name))


def update(
    office: Office, tenant: str, stream: str, name: str, *, title: str | None = None, french: str | None = None
) -> Resource:  # fmt: skip
    """Change how recipients read it. NotFound, Stale, Fault."""
    owner = office.tenant(tenant).id
    before = find(office, owner, stream, name)
    office.seen(before.version)
    after = _told(before, before.title if title is None else title, before.french if french is None else french)
    entry = office.entry("topic.update", tenant=owner, subject=name, before=before, after=after)
    office.control.topics.put_topic(after, entry)
    return show(office, owner, stream, name)


def remove(office: Office, tenant: str, stream: str, name: str) -> Resource:
    """Remove one; mail that belongs to it still leaves, and who left it stays away from one of the same name."""
    owner = office.tenant(tenant).id
    topic = find(office, owner, stream, name)
    office.seen(topic.version)
    office.control.topics.remove_topic(topic, office.entry("topic.remove", tenant=owner, subject=name, before=topic))
    return {"tenant": owner, "stream": stream, "name": name, "removed": True}


def find(office: Office, tenant: str, stream: str, name: str) -> Topic:
    """Return a topic of a tenant id; NotFound."""
    for topic in office.control.topics.list(tenant, stream):
        if topic.name == name:
            return topic
    raise NotFound(f"there is no topic {name[:64]!r} of {stream[:64]!r}", place="NAME", fix="see `topic list`")


def left(office: Office, tenant: str, stream: str, keys: Collection[str]) -> frozenset[str]:
    """Return which topics of a stream somebody has left by himself, "" standing for all of it.

    keys: the address in its comparable form, and its ``unnamed`` hash.
    """
    names = ["", *(topic.name for topic in office.control.topics.list(tenant, stream))]
    return frozenset(name for name in names if has_left(office, tenant, stream, name, keys))


def has_left(office: Office, tenant: str, stream: str, topic: str, keys: Collection[str]) -> bool:
    """Whether somebody has left a topic ("" = the stream) by himself already. keys: as ``left``."""
    return any(_reason(office, tenant, scope(stream, topic), key) == LEFT for key in keys)


def leave(office: Office, tenant: str, stream: str, topic: str, keys: Collection[str]) -> None:
    """Stop a topic ("" = the stream) for somebody, by his own wish; a reason that is there already stays.

    keys: as ``left``; the entry stands under the first.
    """
    scoped, first = scope(stream, topic), next(iter(keys))
    if not any(_reason(office, tenant, scoped, key) for key in keys):
        entry = Suppression(tenant=tenant, stream=scoped, address=first, reason=LEFT, created=office.now())
        said = office.entry("suppression.add", tenant=tenant, subject=first, after=entry)
        office.control.put_suppression(entry, said)


def rejoin(office: Office, tenant: str, stream: str, topic: str, keys: Collection[str]) -> int:
    """Let somebody get a topic again ("" = the stream) that he himself had left; return how many entries went.

    What bounced, complained or was entered by the tenant stays.
    """
    gone, scoped = 0, scope(stream, topic)
    for key in keys:
        if _reason(office, tenant, scoped, key) == LEFT:
            entry = office.entry("suppression.remove", tenant=tenant, subject=key, detail=f"{scoped}, by the recipient")
            gone += office.control.remove_suppression(tenant, scoped, key, entry)
    return gone


def keys_of(office: Office, tenant: str, person: bytes, address: str) -> tuple[str, ...]:
    """Return under what somebody may stand in the list. address: in its comparable form, "" when nobody knows it."""
    if not address:
        return (unnamed(person),)
    return (address, unnamed(person_of(office.keyring, tenant, address)))


def _reason(office: Office, tenant: str, scoped: str, key: str) -> str:
    found = office.control.lists.suppressions(FIRST, tenant=tenant, stream=scoped, address=key).items
    return found[0].reason if found else ""


def _told(topic: Topic, title: str, french: str) -> Topic:
    for place, text in (("title", title), ("french", french)):
        if len(text) > TITLE_LENGTH or not text.isprintable():
            raise _wrong(place, f"a title has at most {TITLE_LENGTH} printable characters", "shorten it")
    if not title.strip():
        raise _wrong("title", "recipients read the title", "say in a few words what the mail is about")
    return msgspec.structs.replace(topic, title=title.strip(), french=french.strip())


def _shown(topic: Topic) -> Resource:
    return resource(msgspec.structs.asdict(topic) | {"created": moment(topic.created)})


def _wrong(place: str, cause: str, fix: str) -> Fault:
    return Fault(cause, place=place, fix=fix)
