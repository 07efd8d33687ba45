"""``/v3/smtp/email``: one message, or many versions of it; taken or refused."""

import asyncio
import hashlib
import uuid
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from estafette.model.address import AddressError, parse_path
from estafette.model.credential import Identity
from estafette.model.letter import Letter, Mailbox
from estafette.model.placement import Result, Trouble
from estafette.relay.submission.wrong import Wrong, wrong
from estafette.web.api.actor import of_credential
from estafette.web.dialects import translation
from estafette.web.dialects.brevo import form, senders
from estafette.web.dialects.brevo.batches import Batch, joined
from estafette.web.dialects.brevo.errors import error
from estafette.web.dialects.brevo.identifiers import shown
from estafette.web.dialects.brevo.letters import letters, placed, present
from estafette.web.dialects.brevo.marks import marks
from estafette.web.dialects.brevo.user import user
from estafette.web.dialects.people import decoded
from estafette.web.guard import client_of
from estafette.web.problems import of_trouble
from estafette.web.services import Services


class Fate(msgspec.Struct, frozen=True):
    """What became of one version. number: of its recipient, when each gets a message of its own, else 0."""

    message: int
    number: int = 0
    trouble: Trouble | None = None
    left_out: tuple[Trouble, ...] = ()


def add(routes: APIRouter, services: Services) -> None:
    """Add the routes of the noun."""

    @routes.post("/v3/smtp/email")
    async def send(
        given: dict[str, Any], request: Request, identity: Annotated[Identity, Depends(user(services, "send"))]
    ) -> JSONResponse:
        """Submit a message or its versions; 201 once they are safe on disk, 202 when they are for later."""
        asked = translation.read(form.Request, present(given))
        sender = await _sender(services, request, identity, asked.sender)
        key = marks(asked.headers or {}).key
        batch = asked.batch_id or (_batch(identity, key) if asked.scheduled_at else "")
        made = letters(asked, sender, batch)
        batches = joined(made, personal=identity.kind == "personal")
        results = await translation.post(services, request, identity, [each.letter for each in batches], key=key)
        told = _told(made, _fates(batches, results), many=asked.message_versions is not None)
        return JSONResponse(
            told | ({"batchId": batch} if asked.scheduled_at else {}), 202 if asked.scheduled_at else 201
        )


def _batch(identity: Identity, key: str) -> str:
    """Return the name of a batch that was given none: a random UUID, or with a key of idempotency always the same."""
    if not key:
        return str(uuid.uuid4())
    return str(uuid.UUID(bytes=hashlib.sha256(f"{identity.credential} {key}".encode()).digest()[:16], version=4))


async def _sender(services: Services, request: Request, identity: Identity, given: form.From | None) -> Mailbox:
    """Return the sender; Wrong when there is none."""
    if given is None or (given.email is None and given.id is None):
        raise wrong("missing", "is missing", "name an address, with a template too", "sender")
    if given.email is not None:
        return Mailbox(given.email, decoded(given.name or ""))
    assert given.id is not None
    office = services.office(of_credential(identity, client_of(request)))
    return Mailbox(
        await asyncio.to_thread(senders.address_of, office, identity.tenant, given.id), decoded(given.name or "")
    )


def _fates(batches: Sequence[Batch], results: Sequence[Result]) -> dict[int, Fate]:
    """Return what became of each version, by its place."""
    return {
        place: fate
        for batch, result in zip(batches, results, strict=True)
        for place, fate in zip(batch.places, _of_batch(batch, result), strict=True)
    }


def _of_batch(batch: Batch, result: Result) -> Iterator[Fate]:
    if result.trouble is not None or len(batch.places) == 1:
        refused = tuple(place.trouble for place in result.recipients if place.trouble is not None)
        for _ in batch.places:
            yield Fate(result.id, 0, result.trouble, () if result.trouble else refused)
        return
    found = {place.address: place for place in result.recipients}
    for person in batch.letter.people:
        place = found[_address(person.mailbox)]
        yield Fate(result.id, place.number, place.trouble)


def _told(made: Sequence[Letter], fates: dict[int, Fate], *, many: bool) -> dict[str, Any]:
    """Return the answer; Problem of the first trouble when nothing was taken."""
    if all(fate.trouble for fate in fates.values()):
        trouble = fates[0].trouble
        assert trouble is not None
        raise of_trouble(placed(Wrong(trouble), 0).trouble if many else trouble)
    names = [_name(made[place], fates[place]) for place in range(len(made))]
    told: dict[str, Any] = {"messageIds": names} if many else {"messageId": names[0]}
    errors = list(_errors(fates, many=many))
    return told | ({"errors": errors} if errors else {})


def _errors(fates: dict[int, Fate], *, many: bool) -> Iterator[dict[str, Any]]:
    """Yield what Brevo would tell by an event only: versions, and recipients, that were left out."""
    for place in sorted(fates):
        fate = fates[place]
        for trouble in (fate.trouble,) if fate.trouble else fate.left_out:
            yield {**({"messageVersion": place} if many else {}), **error(trouble)}


def _name(letter: Letter, fate: Fate) -> str:
    return "" if fate.trouble else shown(fate.message, parse_path(letter.sender.address).domain, fate.number)


def _address(mailbox: Mailbox) -> str:
    """Return an address as the answer names it."""
    try:
        return parse_path(mailbox.address, smtputf8=True).text
    except AddressError:
        return mailbox.address
