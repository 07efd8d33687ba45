"""Mailjet's templates over SMTP: ``X-MJ-TemplateID``, ``X-MJ-TemplateLanguage`` and ``X-MJ-Vars`` of a message.

All its recipients get the same, so its texts are written when it is accepted; a value that is missing is told at the
end of DATA. Source: Mailjet's guide "SMTP relay".
"""

from __future__ import annotations

from typing import Any

import msgspec

from estafette.base import ids
from estafette.base.errors import Refusal
from estafette.mail import stencil
from estafette.mail.headers import Head, unfold
from estafette.mail.plain import plain
from estafette.mail.templates.engine import PARTS, Sheet, values_of
from estafette.mail.templates.faults import TemplateFault
from estafette.mail.templates.fitting import fit
from estafette.mail.templates.foreign import mailjet
from estafette.model.letter import Letter, Mailbox
from estafette.relay.submission import families, labels
from estafette.relay.submission.labels import Labels
from estafette.relay.submission.stationery import Stationery
from estafette.relay.submission.wrong import Wrong

FAMILY = "mailjet"
VARS_LENGTH = 100_000
_ID, _LANGUAGE, _VARS = b"x-mj-templateid", b"x-mj-templatelanguage", b"x-mj-vars"
_ONCE = b"x-mailjet-deduplicatecampaign"
_FIELDS = frozenset({_ID, _LANGUAGE, _VARS})
_OFF = frozenset({b"", b"0", b"false", b"no", b"n", b"off"})


class MailTemplates:
    """Writes the texts of messages that ask for it."""

    def __init__(self, stationery: Stationery) -> None:
        self._stationery = stationery

    async def written(self, tenant: str, body: bytes, number: int) -> tuple[bytes, Labels]:
        """Return a message with its texts written, and what it is labelled with.

        number: of the message, which makes its boundaries. Refusal 550 5.6.0 says what cannot be written.
        """
        head = Head.parse(body)
        template, language = _value(head, _ID), _value(head, _LANGUAGE) not in _OFF
        try:
            data = _data(head)
            if not asked(head):
                made, name = body, ""
            elif template in _OFF:
                made, name = stencil.filled(body, _Pen(data).fill, _FIELDS), ""
            else:
                made, name = await self._from_template(tenant, template.decode(), body, data, number, language=language)
        except (Wrong, TemplateFault, stencil.Unreadable) as error:
            raise _refusal(error) from None
        rest = Head.parse(made)
        said = families.read(FAMILY, rest, labels.read(rest))
        return made, msgspec.structs.replace(said, template=name)

    async def _from_template(
        self, tenant: str, template: str, body: bytes, data: dict[str, Any], number: int, *, language: bool
    ) -> tuple[bytes, str]:
        own = stencil.subject_of(body)
        asked = Letter(
            sender=Mailbox(""),
            subject=mailjet.translate(own, "subject") if language else own,
            template=template,
            data=data,
        )
        letter = await self._stationery.filled(tenant, asked)
        values = dict(letter.data or {})
        fit(letter.variables, values)
        sheet = Sheet([(part, source) for part in PARTS if (source := getattr(letter, part))] + [*letter.parts])
        shown = values_of(values)
        html, text = sheet.render("html", shown), sheet.render("text", shown)
        texts = stencil.Texts(sheet.render("subject", shown), text or plain(html), html)
        return stencil.replaced(body, texts, _FIELDS, ids.show(number)), f"{letter.template}@{letter.version}"


class _Pen:
    """Renders texts in Mailjet's language with the values of one message."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._values = values_of(data)

    def fill(self, kind: stencil.Kind, text: str) -> str:
        """Return a text with its values. TemplateFault."""
        return Sheet([(kind, mailjet.translate(text, kind))]).render(kind, self._values) if text else ""


def demanding(head: Head) -> bool:
    """Whether a message asks for more than the gate does: for a template, or that nobody gets a campaign twice."""
    return asked(head) or head.contains(_ONCE)


def asked(head: Head) -> bool:
    """Whether a message names a template, or says that its texts are some."""
    return any(head.contains(name) and _value(head, name) not in _OFF for name in (_ID, _LANGUAGE))


def _value(head: Head, name: bytes) -> bytes:
    return unfold(head.first(name) or b"").lower()


def _data(head: Head) -> dict[str, Any]:
    raw = unfold(head.first(_VARS) or b"")
    if len(raw) > VARS_LENGTH:
        raise stencil.Unreadable(f"X-MJ-Vars has more than {VARS_LENGTH} octets")
    try:
        return msgspec.json.decode(raw, type=dict[str, Any]) if raw else {}
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise stencil.Unreadable("X-MJ-Vars is no JSON object") from None


def _refusal(error: Wrong | TemplateFault | stencil.Unreadable) -> Refusal:
    if isinstance(error, Wrong):
        detail = f"{error.trouble.detail}; {error.trouble.fix}"
    else:
        detail = f"{error}; {error.fix}" if isinstance(error, TemplateFault) else str(error)
    shown = "".join(character if " " <= character <= "~" else "?" for character in detail)
    return Refusal(550, "5.6.0", f"the template cannot be written: {shown[:300]}", rule="template")
