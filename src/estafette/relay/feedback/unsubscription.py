"""Recipients' own wishes take effect: entries that stop or admit further mail, and events. Safe to repeat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from estafette.events.acts import Choice, Unsubscription
from estafette.model.address import AddressError, parse_path
from estafette.model.event import Event, pack
from estafette.store.interface.history import History
from estafette.store.interface.spool import Spool
from estafette.tenancy import topics
from estafette.tenancy.office import NotFound, Office
from estafette.tracking.token import person_of


class Unsubscribing:
    """Applies what recipients asked for. office: in whose name entries are written."""

    def __init__(self, office: Office, spool: Spool, history: History) -> None:
        self._office = office
        self._spool = spool
        self._history = history

    async def apply(self, act: Unsubscription) -> None:
        """Log, then suppress: a crash between the two repeats both. Who has left already is told of once. StoreFault.

        A tenant that is gone has no mail to stop.
        """
        queued = await self._queued(act)
        try:
            left = await asyncio.to_thread(self._has_left, act, queued)
        except NotFound:
            return
        if not left:
            await self._spool.record([pack(_unsubscribed(act, queued))])
            await asyncio.to_thread(self._leave, act, queued)

    async def by_mail(self, act: Unsubscription) -> Event | None:
        """Suppress; return the event, which the caller logs. None for a tenant that is gone. StoreFault.

        An address for mail says no more than whose it is; what its message was about, the log knows.
        """
        queued = await self._queued(act)
        if queued is not None:
            act = msgspec.structs.replace(act, number=queued.number, stream=queued.stream, topic=queued.topic)
        try:
            await asyncio.to_thread(self._leave, act, queued)
        except NotFound:
            return None
        return _unsubscribed(act, queued)

    async def choose(self, act: Choice) -> None:
        """Log what changes, then change it: a crash between the two repeats both, with the same ids. StoreFault."""
        queued = await self._queued(act)
        try:
            keys, left = await asyncio.to_thread(self._standing, act, queued)
        except NotFound:
            return
        gone, back = _changes(act, left)
        events = [
            _labelled(_event(act, number, kind, topic), queued)
            for number, topic in zip(act.ids, ("", *act.offered), strict=False)
            for kind, changed in (("unsubscribed", gone), ("subscribed", back))
            if topic in changed
        ]
        if events:
            await self._spool.record([pack(event) for event in events])
        await asyncio.to_thread(self._change, act, keys, gone, back)

    async def wanted(self, tenant: str, stream: str, message: int, number: int, person: bytes) -> frozenset[str]:
        """Return the topics of a stream that a recipient gets as things are. StoreFault, NotFound."""
        act = Choice((), 0.0, tenant, stream, message, number, person, (), ())
        _, left = await asyncio.to_thread(self._standing, act, await self._queued(act))
        known = await asyncio.to_thread(self._office.control.topics.list, tenant, stream)
        return frozenset() if "" in left else frozenset(topic.name for topic in known) - left

    async def _queued(self, act: Unsubscription | Choice) -> Event | None:
        """Return what the log says of the recipient; None when its retention is over."""
        found = await self._logged(act)
        if found is None:
            await self._spool.flush()
            found = await self._logged(act)
        return found

    async def _logged(self, act: Unsubscription | Choice) -> Event | None:
        for event in await self._history.of_message(act.message):
            if event.kind == "queued" and event.tenant == act.tenant and self._meant(act, event):
                return event
        return None

    def _meant(self, act: Unsubscription | Choice, event: Event) -> bool:
        if act.number:
            return event.number == act.number
        return person_of(self._office.keyring, act.tenant, event.recipient) == act.person

    def _leave(self, act: Unsubscription, queued: Event | None) -> None:
        topics.leave(self._office, act.tenant, *self._meaning(act), self._keys(act, queued))

    def _has_left(self, act: Unsubscription, queued: Event | None) -> bool:
        stream, topic = self._meaning(act)
        return topics.has_left(self._office, act.tenant, stream, topic, self._keys(act, queued))

    def _meaning(self, act: Unsubscription) -> tuple[str, str]:
        """Return stream and topic to stop; all of the tenant when nobody knows the stream any more. NotFound."""
        return (act.stream, act.topic) if act.stream in self._streams(act.tenant) else ("", "")

    def _standing(self, act: Choice, queued: Event | None) -> tuple[Sequence[str], frozenset[str]]:
        if act.stream not in self._streams(act.tenant):
            raise NotFound("the stream is gone", place="stream")
        keys = self._keys(act, queued)
        return keys, topics.left(self._office, act.tenant, act.stream, keys)

    def _change(self, act: Choice, keys: Sequence[str], gone: Sequence[str], back: Sequence[str]) -> None:
        for topic in gone:
            topics.leave(self._office, act.tenant, act.stream, topic, keys)
        for topic in back:
            topics.rejoin(self._office, act.tenant, act.stream, topic, keys)

    def _streams(self, tenant: str) -> set[str]:
        owner = self._office.control.lists.tenant(tenant)
        if owner is None or owner.id != tenant:
            raise NotFound("the tenant is gone", place="tenant")
        return {stream.name for stream in self._office.control.lists.streams([tenant])}

    def _keys(self, act: Unsubscription | Choice, queued: Event | None) -> Sequence[str]:
        try:
            address = parse_path(queued.recipient, smtputf8=True).key if queued else ""
        except AddressError:  # its retention is over, or the person was erased
            address = ""
        return topics.keys_of(self._office, act.tenant, act.person, address)


def _changes(act: Choice, left: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return what is left by a choice, and what is joined again, "" standing for the stream.

    Who wants nothing that was offered leaves the stream, and keeps what was chosen among topics before.
    """
    if not act.wanted:
        return ([] if "" in left else [""]), []
    gone = [topic for topic in act.offered if topic not in act.wanted and topic not in left]
    return gone, [topic for topic in ("", *act.wanted) if topic in left]


def _unsubscribed(act: Unsubscription, queued: Event | None) -> Event:
    means = "click" if act.means == "page" else act.means
    return _labelled(_event(act, act.id, "unsubscribed", act.topic, means), queued)


def _event(act: Unsubscription | Choice, number: int, kind: str, topic: str, means: str = "click") -> Event:
    return Event(
        id=number, at=act.at, kind=kind, tenant=act.tenant, stream=act.stream, message=act.message,
        number=act.number, source=means, reason=topic, topic=topic,
    )  # fmt: skip


def _labelled(event: Event, queued: Event | None) -> Event:
    if queued is None:
        return event
    return msgspec.structs.replace(
        event, number=queued.number, recipient=queued.recipient, campaign=queued.campaign, tags=queued.tags,
        template=queued.template, metadata=queued.metadata, credential=queued.credential,
        from_domain=queued.from_domain, private=queued.private,
    )  # fmt: skip
