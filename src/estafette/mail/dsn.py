"""Delivery status reports (RFC 3464, RFC 6522), for people in French, in English, or in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from estafette.mail.dates import date_field
from estafette.mail.overlong import quoted_printable
from estafette.mail.quote import from_xtext, one_line, typed_address
from estafette.model.user import Language

Action = Literal["failed", "delayed", "relayed"]

_SUBJECTS: dict[Language, dict[Action, str]] = {
    "fr": {"failed": "Message non remis", "delayed": "Message en attente", "relayed": "Message transmis"},
    "en": {"failed": "Message not delivered", "delayed": "Message delayed", "relayed": "Message relayed"},
}
_FRENCH = {
    "failed": "Votre message n'a pas pu être remis. Il ne sera plus envoyé à :",
    "delayed": "Votre message n'a pas encore été remis. Nous essayons toujours ; vous n'avez rien à faire. "
    "Il attend pour :",
    "relayed": "Votre message a été transmis à un serveur qui ne confirme pas la remise, pour :",
}
_ENGLISH = {
    "failed": "Your message could not be delivered. No further attempt will be made for:",
    "delayed": "Your message has not been delivered yet. We keep trying; you need not do anything. It waits for:",
    "relayed": "Your message was handed to a server that does not confirm delivery, for:",
}
#: Of a failure that was reported after the recipient's server had taken the message.
_LATE: dict[Language, str] = {
    "fr": "Le serveur du destinataire avait accepté votre message, puis a signalé qu'il n'a pas pu être remis à :",
    "en": "The recipient's server had accepted your message, and reported later that it could not be delivered to:",
}
#: Sentences of each action, and what introduces a reply and the end of the attempts.
_CHAPTERS: dict[Language, tuple[dict[str, str], str, str]] = {
    "fr": (_FRENCH, "Réponse", "Prochains essais jusqu'au"),
    "en": (_ENGLISH, "Reply", "Attempts until"),
}


class Told(msgspec.Struct, frozen=True):
    """What is told about one recipient.

    status: RFC 3463 code. words: what the remote server, or we, said. remote: the site that said it, or "".
    orcpt: ``type;xtext`` as received. until: end of the attempts for a delay, 0 for none. at: the last
    attempt. late: a failure that was reported after delivery.
    """

    address: str
    action: Action
    status: str
    words: str
    at: float
    remote: str = ""
    orcpt: str = ""
    until: float = 0.0
    late: bool = False


class Report(msgspec.Struct, frozen=True):
    """One report. to: who is told. arrival: when the message came. returned: its header, or the whole of it.

    whole: ``returned`` is the whole message. envid: ENVID as received. boundary: occurs nowhere in
    ``returned``. language: of the part for people, "" = both, because nobody knows what they read.
    """

    hostname: str
    to: str
    at: float
    message_id: str
    boundary: str
    arrival: float
    told: Sequence[Told]
    returned: bytes
    whole: bool = False
    envid: str = ""
    language: Language | Literal[""] = ""

    @property
    def languages(self) -> Sequence[Language]:
        """Return in which languages it speaks to people."""
        return (self.language,) if self.language else tuple(_CHAPTERS)


def write(report: Report) -> bytes:
    """Return the whole message with CRLF lines."""
    mark = f"--{report.boundary}"
    eight_bit = not report.returned.isascii()
    returned = "message/rfc822" if report.whole else "text/rfc822-headers"
    return b"".join(
        (
            _head(report),
            f"\r\n{mark}\r\nContent-Type: text/plain; charset=utf-8\r\n".encode(),
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
            quoted_printable(_text(report).encode()),
            f"\r\n{mark}\r\nContent-Type: message/delivery-status\r\n\r\n".encode(),
            _status(report).encode(),
            f"\r\n{mark}\r\nContent-Type: {returned}\r\n".encode(),
            b"Content-Transfer-Encoding: 8bit\r\n" if eight_bit else b"",
            b"\r\n",
            report.returned,
            f"\r\n{mark}--\r\n".encode(),
        )
    )


def _head(report: Report) -> bytes:
    fields = (
        f"From: Mail Delivery System <postmaster@{report.hostname}>",
        f"To: <{report.to}>",
        f"Subject: {_subject(report)}",
        f"Date: {date_field(report.at)}",
        f"Message-ID: {report.message_id}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="{report.boundary}"',
    )
    return "".join(f"{field}\r\n" for field in fields).encode()


def _subject(report: Report) -> str:
    action = _gravest(report)
    return " / ".join(_SUBJECTS[language][action] for language in report.languages)


def _gravest(report: Report) -> Action:
    """Return the action that the subject names when a report tells several."""
    actions = {told.action for told in report.told}
    order: tuple[Action, ...] = ("failed", "delayed", "relayed")
    return next(action for action in order if action in actions)


def _text(report: Report) -> str:
    chapters = (_chapter(report, _LATE[language], *_CHAPTERS[language]) for language in report.languages)
    return f"{report.hostname}\r\n\r\n" + "* * *\r\n\r\n".join(chapters)


def _chapter(report: Report, late: str, sentences: dict[str, str], reply: str, until: str) -> str:
    lines: list[str] = []
    for action, is_late in dict.fromkeys((told.action, told.late) for told in report.told):
        lines += [late if is_late else sentences[action], ""]
        for told in report.told:
            if (told.action, told.late) == (action, is_late):
                lines.append(f"    {_shown(told.address)}")
                lines.append(f"        {reply}: {one_line(told.words)}")
                if told.until:
                    lines.append(f"        {until} {date_field(told.until)}")
        lines.append("")
    return "".join(f"{line}\r\n" for line in lines)


def _shown(address: str) -> str:
    """Keep letters of every script in an address, and nothing that could start a line or hide."""
    return "".join(c if c.isprintable() else "?" for c in address[:320])


def _status(report: Report) -> str:
    groups = [_group(_message_fields(report))]
    groups += [_group(_recipient_fields(told)) for told in report.told]
    return "\r\n".join(groups)


def _group(fields: list[str]) -> str:
    return "".join(f"{field}\r\n" for field in fields)


def _message_fields(report: Report) -> list[str]:
    fields = [f"Original-Envelope-Id: {from_xtext(report.envid)}"] if report.envid else []
    return [
        *fields,
        f"Reporting-MTA: dns; {report.hostname}",
        f"Arrival-Date: {date_field(report.arrival)}",
    ]


def _recipient_fields(told: Told) -> list[str]:
    kind, divided, original = told.orcpt.partition(";")
    fields = [f"Original-Recipient: {one_line(kind)}; {from_xtext(original)}"] if divided else []
    fields += [
        f"Final-Recipient: {typed_address(told.address)}",
        f"Action: {told.action}",
        f"Status: {told.status}",
    ]
    if told.remote:
        fields.append(f"Remote-MTA: dns; {one_line(told.remote)}")
    if told.words:
        fields.append(f"Diagnostic-Code: smtp; {one_line(told.words)}")
    fields.append(f"Last-Attempt-Date: {date_field(told.at)}")
    if told.until:
        fields.append(f"Will-Retry-Until: {date_field(told.until)}")
    return fields
