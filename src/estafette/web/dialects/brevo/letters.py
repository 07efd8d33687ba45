"""From a request to the letters that it means, one for each version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from estafette.model.letter import Letter, Mailbox
from estafette.model.stream import Tracking
from estafette.relay.submission.examination import MOST_PEOPLE
from estafette.relay.submission.wrong import Wrong, wrong
from estafette.web.dialects.brevo.errors import named
from estafette.web.dialects.brevo.form import Person, Request, Shared, Version
from estafette.web.dialects.brevo.identifiers import template_name
from estafette.web.dialects.brevo.language import templated, translated
from estafette.web.dialects.brevo.marks import Marks, marks, merged
from estafette.web.dialects.translation import read, refused


def letters(given: Request, sender: Mailbox, batch: str) -> tuple[Letter, ...]:
    """Return the letters of a request in the order of its versions; Wrong. batch: the campaign that they make."""
    if given.message_versions is None:
        if not given.to:
            raise wrong("no_recipient", "is missing", "name the recipients", "to")
        return (_Writer(given, sender, batch).letter(given),)
    writer, made, people = _Writer(given, sender, batch), [], 0
    for place, each in enumerate(given.message_versions):
        letter = _version(writer, each, place)
        people += len(letter.to) + len(letter.cc) + len(letter.bcc)
        if people > MOST_PEOPLE:
            fix = "send several requests"
            raise wrong("too_many_recipients", f"at most {MOST_PEOPLE} in all of them", fix, "messageVersions")
        made.append(letter)
    return tuple(made)


def _version(writer: _Writer, given: Mapping[str, Any], place: int) -> Letter:
    try:
        return writer.letter(read(Version, {name: value for name, value in given.items() if value is not None}))
    except Wrong as refusal:
        raise placed(refusal, place) from None


def placed(refusal: Wrong, place: int) -> Wrong:
    """Return what is wrong with a version, with its place among the others."""
    trouble = refusal.trouble
    detail, field = trouble.detail.removeprefix(trouble.field), named(trouble.field)
    field = f"messageVersions.{place}.{field}"
    return Wrong(msgspec.structs.replace(trouble, detail=f"{field}{detail}" if trouble.field else detail, field=field))


class Texts(msgspec.Struct, frozen=True):
    """What a letter says, in our template language when it is a template."""

    subject: str
    html: str
    text: str


class _Writer:
    """Writes the letters of one request. What all have in common is read once."""

    def __init__(self, given: Request, sender: Mailbox, batch: str) -> None:
        self._given = given
        self._sender = sender
        self._batch = batch
        self._files = tuple(file.attachment() for file in given.attachment or ())
        self._due = given.scheduled_at.timestamp() if given.scheduled_at else 0.0
        self._marks = marks(given.headers or {})
        self._texts: dict[Texts, Texts] = {}

    def letter(self, own: Shared) -> Letter:
        """Return the letter to the recipients of a version, or of the whole request."""
        said, template = self._marks_of(own), own.template_id or self._given.template_id
        texts = self._texts_of(own, template=template is not None)
        reply_to = own.reply_to or self._given.reply_to
        params = {**(self._given.params or {}), **(own.params or {})}
        live = template is not None or templated(texts.subject + texts.html + texts.text)
        cc = own.cc if own.cc is not None else self._given.cc
        bcc = own.bcc if own.bcc is not None else self._given.bcc
        return Letter(
            sender=self._sender,
            to=_mailboxes(own.to),
            cc=_mailboxes(cc),
            bcc=_mailboxes(bcc),
            caps=_caps((own.to, cc, bcc)),
            reply_to=(reply_to.mailbox(),) if reply_to else (),
            subject=texts.subject,
            html=texts.html,
            text=texts.text,
            attachments=self._files,
            headers=said.headers,
            tags=tuple(dict.fromkeys((*(self._given.tags or ()), *said.tags))),
            metadata=said.metadata,
            campaign=self._batch,
            template="" if template is None else template_name(template),
            # As ``params``, as Brevo's texts say, and each by its name, as our own templates do.
            data={**params, "params": params} if live else None,
            scheduled_at=self._due,
            sandbox=said.sandbox,
        )

    def _marks_of(self, own: Shared) -> Marks:
        if own is self._given or not own.headers:
            return self._marks
        if marks(own.headers).key:
            raise refused("headers.idempotencyKey", "is one for all versions", "say it beside messageVersions")
        return marks(merged(own.headers, self._given.headers or {}))

    def _texts_of(self, own: Shared, *, template: bool) -> Texts:
        """Return the texts, of the version else of the request; those of a template are never replaced, as there."""
        said = Texts(self._said(own, "subject"), self._said(own, "html_content"), self._said(own, "text_content"))
        if template:
            said = Texts(said.subject, "", "")
        elif not said.subject:
            raise wrong("missing", "is missing", "give one, or name a template", "subject")
        if said not in self._texts:
            self._texts[said] = _ours(said)
        return self._texts[said]

    def _said(self, own: Shared, name: str) -> str:
        mine: str | None = getattr(own, name)
        text: str | None = mine if mine is not None else getattr(self._given, name)
        return text or ""


def _ours(said: Texts) -> Texts:
    """Return texts in our template language when one of them is in Brevo's, else as they are."""
    if not templated(said.subject + said.html + said.text):
        return said
    return Texts(
        translated(said.subject, "subject"), translated(said.html, "htmlContent"), translated(said.text, "textContent")
    )


def _mailboxes(people: Sequence[Person] | None) -> tuple[Mailbox, ...]:
    return tuple(person.mailbox() for person in people or ())


def _caps(lists: Iterable[Sequence[Person] | None]) -> dict[str, Tracking]:
    """Return the most that may be measured of whom the request says have not consented."""
    people = (person for people in lists for person in people or ())
    return {person.email: "aggregate" for person in people if person.contact_pixel_tracking_consent is False}


def present(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request without what is null, which says nothing."""
    return {name: value for name, value in given.items() if value is not None}
