"""Mail that is to go later: ``DELETE /v3/smtp/email/ID`` and ``/v3/smtp/emailStatus/ID``, by message or batch."""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from estafette.model.credential import Identity
from estafette.model.event import Event
from estafette.model.message import Delivery
from estafette.model.rule import Filter
from estafette.relay.submission.recall import Kept, missing
from estafette.web.dialects.brevo import identifiers
from estafette.web.dialects.brevo.moments import days, moment
from estafette.web.dialects.brevo.user import user
from estafette.web.privacy import Privacy, Viewer
from estafette.web.services import Services

Status = Literal["queued", "inProgress", "processed", "error"]
_BATCH = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
#: Messages of one batch that are looked at.
_MOST = 1000
_GOOD = frozenset({"delivered", "sent"})


class Told(msgspec.Struct, frozen=True):
    """A message that was to go later. due: when, or when it was first tried."""

    created: float
    due: float
    status: Status

    def shown(self) -> dict[str, str]:
        """Return it as Brevo tells it."""
        return {"scheduledAt": moment(self.due), "createdAt": moment(self.created), "status": self.status}


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""

    @routes.delete("/v3/smtp/email/{identifier}", status_code=204, response_class=Response)
    async def cancel(identifier: str, identity: Annotated[Identity, Depends(user(services, "send"))]) -> None:
        """Call back what waits of a message, or of a batch that this credential made."""
        if _BATCH.fullmatch(identifier):
            await services.recall.cancel_campaign(identity, identifier)
        else:
            await services.recall.cancel(identity, *identifiers.read(identifier))

    @routes.get("/v3/smtp/emailStatus/{identifier}")
    async def status(
        identifier: str,
        identity: Annotated[Identity, Depends(user(services))],
        start: Annotated[str, Query(alias="startDate", max_length=10)] = "",
        end: Annotated[str, Query(alias="endDate", max_length=10)] = "",
        sort: Annotated[Literal["asc", "desc"], Query()] = "desc",
        wanted: Annotated[Literal["", "processed", "inProgress", "queued", "error"], Query(alias="status")] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        offset: Annotated[int, Query(ge=0, le=_MOST)] = 0,
    ) -> dict[str, Any]:
        """Return when a message was to go and what became of it, or the same for each message of a batch."""
        if not _BATCH.fullmatch(identifier):
            return (await _of_message(services, identity, *identifiers.read(identifier))).shown()
        since, until = days(start, end, services.clock.now())
        found = await _of_batch(services, identity, identifier)
        told = [each for each in found if since <= each.created < until and wanted in {"", each.status}]
        ordered = sorted(told, key=lambda each: each.created, reverse=sort == "desc")
        return {"count": len(told), "batches": [each.shown() for each in ordered[offset : offset + limit]]}


async def _of_message(services: Services, identity: Identity, message: int, number: int) -> Told:
    selection = Filter(tenant=identity.tenant, message=message, number=number)
    rows = (await services.spool.find(selection, limit=_MOST)).items
    kept = await services.recall.find(identity, message)
    events = [each for each in kept.events if number in {0, each.number}]
    sender, stream = _origin(kept)
    viewer = Viewer(identity.tenant, identity.credential)
    if (not events and not rows) or not Privacy(services).sees(viewer, stream, sender):
        raise missing()
    created = kept.content.accepted if kept.content else events[0].at
    return _told(services, created, rows, events)


def _origin(kept: Kept) -> tuple[str, str]:
    """Return the credential that sent a message, and its stream."""
    origin = kept.content or kept.events[0]
    return origin.credential, origin.stream


async def _of_batch(services: Services, identity: Identity, batch: str) -> list[Told]:
    """Return every message of a batch that this credential made; Wrong 404 when there is none."""
    selection = Filter(tenant=identity.tenant, campaign=batch, credential=identity.credential)
    waiting: dict[int, list[Delivery]] = {}
    for row in (await services.spool.find(selection, limit=_MOST)).items:
        waiting.setdefault(row.message, []).append(row)
    found = await services.history.messages(identity.tenant, limit=_MOST, campaign=batch)
    ended = [event for _, event in found if event.credential == identity.credential and event.message not in waiting]
    if not waiting and not ended:
        raise missing()
    return [
        *(_told(services, rows[0].born, rows, ()) for rows in waiting.values()),
        *[_told(services, event.at, (), await services.history.of_message(event.message)) for event in ended],
    ]


def _told(services: Services, created: float, rows: Sequence[Delivery], events: Iterable[Event]) -> Told:
    if rows:
        due = min(row.due for row in rows)
        tried = due <= services.clock.now() or any(row.attempts for row in rows)
        return Told(created, due, "inProgress" if tried else "queued")
    later = [event for event in events if event.kind != "queued"]
    good = any(event.kind in _GOOD for event in later)
    return Told(created, later[0].at if later else created, "processed" if good or not later else "error")
