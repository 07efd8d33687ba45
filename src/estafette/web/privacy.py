"""Employees' letters are theirs: what others of the tenant see of personal mail is that it is there.

The sender's own credential sees all of its mail. Everybody else (other credentials, people with any role, keys, the
operator of the service) sees no recipient, no domain, no words of peers, no labels; an owner does after breaking the
glass for one credential, until the look ends. A stream that is no more counts as personal: nobody can say what it was.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import Depends

from estafette.base import ids
from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.model.message import Content, Delivery
from estafette.relay.submission.recall import Kept
from estafette.tenancy import looks, permissions
from estafette.tenancy.office import Office
from estafette.web import shapes
from estafette.web.api.actor import Caller, May
from estafette.web.services import Services

#: Field of a delivery's, event's or message's JSON form -> what stands there instead.
_HIDDEN: dict[str, Any] = {
    "recipient": "", "domain": "", "site": "", "campaign": "", "last": "", "steps": [], "tags": [], "metadata": {},
    "hit": None,
}  # fmt: skip


class Viewer(msgspec.Struct, frozen=True):
    """Who looks at mail of a tenant: a credential (its id), and whose mail the broken glass shows, by look.

    office: where a look through the glass is written down. opens: may read what comes in by routes, and to whom.
    """

    tenant: str
    credential: str = ""
    glass: Mapping[str, str] = {}
    office: Office | None = None
    opens: bool = False


def viewing(services: Services) -> Callable[..., Awaitable[Viewer]]:
    """Return the dependency that names the viewer of a tenant's mail."""
    may = May(services, "read", tenant_needed=True, counted=False)

    async def viewer(caller: Annotated[Caller, Depends(may)]) -> Viewer:
        if caller.identity is not None:
            return Viewer(caller.tenant, caller.identity.credential)
        glass = await caller.run(looks.open_to, caller.tenant, caller.actor)
        opens = permissions.may(caller.actor, "inbound", caller.tenant)
        return Viewer(caller.tenant, "", glass, caller.office, opens)

    return viewer


class Privacy:
    """Decides what a viewer sees, and writes down what the broken glass has shown."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def personal(self, tenant: str, stream: str) -> bool:
        """Return whether a stream's mail is its sender's alone."""
        known = self._services.directory.stream(tenant, stream)
        return known is None or known.kind == "personal"

    def _own(self, event: Event) -> bool:
        """Whether an event is of mail that is its sender's alone; what came in is of no stream."""
        return event.kind != "inbound" and self.personal(event.tenant, event.stream)

    async def events(self, viewer: Viewer, found: Sequence[Event]) -> list[dict[str, Any]]:
        """Return the JSON forms of events as the viewer sees them."""
        unnamed = {each.message for each in found if not each.credential and self._own(each)}
        senders = {message: await self._sender(message) for message in unnamed}
        shown, used = [], set()
        for each in found:
            form = shapes.event(each)
            sender = each.credential or senders.get(each.message, "")
            if each.kind == "inbound":
                form = form if viewer.opens else hidden(form) | {"source": ""}
            elif self._own(each) and sender != viewer.credential:
                if sender in viewer.glass:
                    used.add(sender)
                else:
                    form = hidden(form)
            shown.append(form)
        await self._note(viewer, used)
        return shown

    async def deliveries(self, viewer: Viewer, found: Sequence[Delivery]) -> list[Delivery | None]:
        """Return the rows that the viewer may see, None in the place of each other."""
        private = [each.message for each in found if self.personal(each.tenant, each.stream)]
        contents = await self._services.spool.contents(list(dict.fromkeys(private))) if private else {}
        senders = {message: content.credential for message, content in contents.items()}
        used = {senders[each] for each in private if senders.get(each) in viewer.glass}
        await self._note(viewer, used)
        allowed = {viewer.credential, *viewer.glass} - {""}
        return [
            each if not self.personal(each.tenant, each.stream) or senders.get(each.message) in allowed else None
            for each in found
        ]

    def sees(self, viewer: Viewer, stream: str, sender: str) -> bool:
        """Return whether a viewer sees mail of a stream that a credential has sent."""
        return not self.personal(viewer.tenant, stream) or (
            bool(sender) and (sender == viewer.credential or sender in viewer.glass)
        )

    def told(self, identity: Identity, kept: Kept) -> bool:
        """Return whether a credential is told of a message at all, in a form that has no word for what is hidden."""
        origin = kept.content or kept.events[0]
        return self.sees(Viewer(identity.tenant, identity.credential), origin.stream, origin.credential)

    async def _sender(self, message: int) -> str:
        content: Content | None = (await self._services.spool.contents([message])).get(message)
        if content is not None:
            return content.credential
        story = await self._services.history.of_message(message)
        return next((each.credential for each in story if each.credential), "")

    async def _note(self, viewer: Viewer, senders: Iterable[str]) -> None:
        for sender in senders:
            assert viewer.office is not None
            await asyncio.to_thread(looks.used, viewer.office, viewer.tenant, viewer.glass[sender])


def hidden(form: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON form of something personal without what is its sender's alone."""
    kept = {name: _HIDDEN.get(name, value) for name, value in form.items() if name != "subject"}
    if kept.get("reply"):
        kept["reply"] = {**kept["reply"], "text": ""}
    return kept | {"private": True}


def hidden_row(row: Delivery, waiting: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON form of a personal row with its rule and time, and none of its words."""
    why = "personal mail: its sender sees why"
    return {**hidden(shapes.delivery(row)), "id": ids.show(row.message), "waiting": {**waiting, "why": why}}
