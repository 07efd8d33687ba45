"""From a letter to the octets that pass the gate, and the recipe when its messages are written late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from estafette.mail import compose, late, parts, words
from estafette.mail.plain import plain
from estafette.mail.templates.dialect import named, tags
from estafette.mail.templates.faults import MissingValue, TemplateFault
from estafette.mail.templates.fitting import fit
from estafette.model.letter import Attachment, Letter, Person
from estafette.model.placement import Trouble
from estafette.model.recipe import Draft, Recipe
from estafette.relay.submission.examination import Examined, Place
from estafette.relay.submission.wrong import Wrong, wrong


class Written(msgspec.Struct, frozen=True):
    """body: the message, or that to the first recipient when there is a recipe. recipe: None when all get ``body``.

    refused: places, by their number from 0, for whom nothing can be written; the recipe has not got them.
    """

    body: bytes
    recipe: Recipe | None = None
    refused: Mapping[int, Trouble] = {}


def write(examined: Examined, places: Sequence[Place], date: float, shown: str) -> Written:
    """Compose a letter for those of its recipients that are left; Wrong names what cannot be written.

    date: unix seconds. shown: the id of the message, from which its Message-ID and boundaries are made.
    """
    letter = examined.letter
    if letter.raw:
        return Written(_crlf(letter.raw))
    draft = Draft(
        sender=letter.sender,
        to=letter.to,
        cc=letter.cc,
        reply_to=letter.reply_to,
        subject=letter.subject if letter.templated else _one_line(letter.subject),
        text=letter.text or (_text_of(letter.html) if letter.templated else plain(letter.html)),
        html=letter.html,
        headers=letter.headers,
        inline=_files([file for file in letter.attachments if file.cid]),
        attached=_files([file for file in letter.attachments if not file.cid]),
        date=date,
        message_id=f"{shown.lower()}@{examined.sender.domain}",
        seed=shown,
        link_tags=letter.link_tags,
    )
    try:
        if not letter.templated and not letter.people:
            return Written(compose.compose(draft))
        people = tuple(Person(place.mailbox, letter.people[place.index].data) for place in places if letter.people)
        recipe = Recipe(b"", draft, dict(letter.data or {}), people, letter.parts, letter.templated)
        return _tried(recipe, places, letter)
    except words.BadText as error:
        raise _unwritable(error, "subject") from None


def _unwritable(error: words.BadText, field: str) -> Wrong:
    return wrong("invalid_text", f"a header field {error}", "send plain text on one line", field)


def _tried(recipe: Recipe, places: Sequence[Place], letter: Letter) -> Written:
    """Render every message once, so that what cannot be is refused now, and alone; keep the first."""
    if not recipe.people:
        try:
            fit(letter.variables, recipe.data)
            return Written(late.write(recipe, 1), recipe)
        except TemplateFault as fault:
            raise _faulty(fault, letter.template, "data") from None
    refused: dict[int, Trouble] = {}
    for index, place in enumerate(places):
        try:
            fit(letter.variables, recipe.data, recipe.people[index].data)
            compose.address_field("To", (place.mailbox,))
            words.unstructured("Subject", late.draft_for(recipe, index + 1).subject)
        except TemplateFault as fault:
            refused[index] = _faulty(fault, letter.template, f"{place.field}.data").trouble
        except words.BadText as error:
            refused[index] = _unwritable(error, place.field).trouble
    if len(refused) == len(places):
        raise Wrong(refused[0])
    if refused:
        people = tuple(person for index, person in enumerate(recipe.people) if index not in refused)
        recipe = msgspec.structs.replace(recipe, people=people)
    return Written(late.write(recipe, 1), recipe, refused)


@lru_cache(maxsize=64)
def _text_of(html: str) -> str:
    """Return the text part of a template without one, "" when it can be made only from what that becomes."""
    text = plain(html)
    return text if not named(html) and tags(text) == tags(html) else ""


def _faulty(fault: TemplateFault, template: str, field: str) -> Wrong:
    """Say which template cannot be written, or which value it lacks."""
    of_value = isinstance(fault, MissingValue) or fault.code == "wrong_type"
    where = field if of_value else "template" if template else fault.part
    detail = f"template {template}: {fault}" if template else str(fault)
    return wrong(fault.code, detail, fault.fix, where)


def _files(attachments: Sequence[Attachment]) -> tuple[bytes, ...]:
    made = []
    for attachment in attachments:
        try:
            made.append(parts.file_part(attachment))
        except words.BadText as error:
            field = f"attachments.{attachment.name[:80]}"
            raise wrong("invalid_attachment", str(error), "correct name, type or cid", field) from None
    return tuple(made)


def _one_line(text: str) -> str:
    return text.strip()


def _crlf(body: bytes) -> bytes:
    """Give every line its CRLF, as a message on the wire has."""
    return b"\r\n".join(body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
