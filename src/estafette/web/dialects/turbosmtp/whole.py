"""``mime_raw``: a whole message, to which the fields are added that it does not say itself."""

from __future__ import annotations

import re

import msgspec

from estafette.mail import compose, words
from estafette.model.letter import Letter
from estafette.relay.submission.wrong import wrong

_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)
_BLANK = re.compile(rb"\r?\n\r?\n")


def whole(letter: Letter, mime: str) -> Letter:
    """Return a letter that is this message: texts, subject, addresses and fields of it win. Wrong when it is none."""
    try:
        raw = mime.encode()
    except UnicodeEncodeError:
        raise _invalid("holds half of a character") from None
    said = {name.lower().decode() for name in _FIELD.findall(_BLANK.split(raw, 1)[0])}
    if not said or not _FIELD.match(raw):
        raise _invalid("does not begin with a header field")
    try:
        missing = "".join(_missing(letter, said)).encode()
    except words.BadText as error:
        raise wrong("header_not_allowed", f"a field beside mime_raw {error}", "leave it out, or correct it") from None
    return msgspec.structs.replace(
        letter, subject="", text="", html="", reply_to=(), headers=(), raw=missing + raw,
    )  # fmt: skip


def _missing(letter: Letter, said: set[str]) -> list[str]:
    """Return the fields that the request asks for and the message does not say."""
    people = {"From": (letter.sender,), "To": letter.to, "Cc": letter.cc, "Reply-To": letter.reply_to}
    lines = [compose.address_field(name, found) for name, found in people.items() if found and name.lower() not in said]
    if letter.subject and "subject" not in said:
        lines.append(words.unstructured("Subject", letter.subject))
    lines += [compose.further_field(name, value) for name, value in letter.headers if name.lower() not in said]
    return lines


def _invalid(detail: str) -> Exception:
    return wrong("invalid_mime", detail, "send a whole message (RFC 5322)", "mime_raw")
