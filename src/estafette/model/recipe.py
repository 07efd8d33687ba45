"""A recipe: a letter kept once, from which each recipient's message is written just before an attempt.

Pins all that a retry must repeat: sources of the texts as they were at acceptance, values, date, message id and
boundaries. It rests in the place of the message; see ``Content.late``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from estafette.model.letter import Mailbox, Person


class Draft(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a message is composed from; texts are final. date: unix seconds. seed: makes boundaries, unique to it.

    message_id: without angle brackets, "" = none. headers: further fields, allowed and decoded. inline, attached:
    whole MIME parts, as ``mail.parts`` writes them. link_tags: pairs that every link of the HTML gets in its query.
    """

    sender: Mailbox
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    inline: tuple[bytes, ...] = ()
    attached: tuple[bytes, ...] = ()
    date: float = 0.0
    message_id: str = ""
    seed: str = ""
    link_tags: str = ""


class Recipe(msgspec.Struct, frozen=True, array_like=True):
    """What a late message is written from, kept at acceptance.

    prefix: fields that were added at acceptance, on top. draft: its texts are templates; without a text, that is
    made from the HTML.
    data: values for all; people: recipients by number - 1, empty when all get the same message. parts: layouts and
    partials as ``html/NAME`` and ``text/NAME``, with their sources. templated: False = the texts are as they are sent.
    """

    prefix: bytes
    draft: Draft
    data: dict[str, Any]
    people: tuple[Person, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    templated: bool = True


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Recipe)


def pack(recipe: Recipe) -> bytes:
    """Return the stored form."""
    return _encoder.encode(recipe)


def unpack(blob: bytes) -> Recipe:
    """Return the recipe that ``pack`` stored; msgspec.DecodeError when damaged."""
    return _decoder.decode(blob)
