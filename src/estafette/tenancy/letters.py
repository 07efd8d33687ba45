"""Mail that the service owes people: written and sealed with the change that owes it, handed to the queue later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import msgspec

from estafette.base.seal import Keyring
from estafette.base.shipped import table
from estafette.model.user import Language, Letter
from estafette.store.interface.people import LETTER_PURPOSE
from estafette.tenancy.office import Office, moment, new_id


class Text(msgspec.Struct, frozen=True):
    """What a letter says."""

    subject: str
    text: str


def write(office: Office, address: str, subject: str, text: str) -> Letter:
    """Return a letter to an address; its words are sealed, because they may hold links that let somebody in."""
    number = new_id()
    plain = msgspec.json.encode(Text(" ".join(subject.split())[:200], text))
    return Letter(
        id=number,
        address=address,
        sealed=office.keyring.seal(LETTER_PURPOSE, plain, number.encode()),
        created=office.now(),
    )


def read(keyring: Keyring, letter: Letter) -> Text:
    """Return what a letter says; SealBroken."""
    return msgspec.json.decode(keyring.open(LETTER_PURPOSE, letter.sealed, letter.id.encode()), type=Text)


def said(kind: str, languages: Sequence[Language], words: Callable[[Language], Mapping[str, object]]) -> Text:
    """Return what a letter of a kind (``letters.toml``) says in some languages, one after the other.

    words: what stands in its braces, in a language.
    """
    chosen = [(_forms()[language][kind], words(language)) for language in languages]
    subjects = dict.fromkeys(form.subject.format_map(fields) for form, fields in chosen)
    texts = [form.text.format_map(fields).lstrip("\n") for form, fields in chosen]
    return Text(" / ".join(subjects), "\n".join(texts))


def linked(
    office: Office, kind: str, languages: Sequence[Language], address: str, path: str, until: float, **words: str
) -> Letter:
    """Return the letter of a kind that carries a link under ``public_url``."""
    ends = (moment(until) or "")[:16].replace("T", " ")
    fields = {
        "link": f"{office.public_url.rstrip('/')}{path}",
        "until": f"{ends} UTC",
        "address": address,
        **{name: " ".join(word.split()) for name, word in words.items()},
    }
    text = said(kind, languages, lambda _language: fields)
    return write(office, address, text.subject, text.text)


@cache
def _forms() -> dict[str, dict[str, Text]]:
    return table("estafette.tenancy", "letters.toml", dict[str, dict[str, Text]])
