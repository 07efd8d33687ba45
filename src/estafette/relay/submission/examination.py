"""What can be said of a letter before anybody is asked: its addresses, labels, times and sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from estafette.config.schema import Limits
from estafette.mail import compose, words
from estafette.mail.links import is_query
from estafette.model.address import Address, AddressError, parse_path
from estafette.model.letter import Letter, Mailbox
from estafette.model.placement import Placed, Trouble
from estafette.model.stream import Tracking
from estafette.relay.submission.labels import Labels
from estafette.relay.submission.wrong import Wrong, wrong

MOST_PEOPLE = 10_000
MOST_HEADERS = 100
MOST_TAGS = 10
MOST_FILES = 100
MOST_METADATA = 50
TAG_LENGTH = 64
CAMPAIGN_LENGTH = 255
SUBJECT_LENGTH = 10_000
VALUE_LENGTH = 1_000
HEADER_LENGTH = 10_000
FURTHEST = 90 * 86_400.0
LONGEST_WAIT = 30 * 86_400.0


class Place(msgspec.Struct, frozen=True):
    """One recipient of a letter: where it was named, as which mailbox, and its place there."""

    field: str
    mailbox: Mailbox
    address: Address
    index: int = 0


class Examined(msgspec.Struct, frozen=True):
    """A letter that is well formed. refused: people whose addresses are none."""

    letter: Letter
    sender: Address
    places: tuple[Place, ...]
    refused: tuple[Placed, ...]
    labels: Labels


def examine(letter: Letter, limits: Limits, now: float) -> Examined:
    """Return a letter with its addresses read and its labels checked; Wrong names field, rule and fix."""
    sender = _address(letter.sender, "from")
    _content(letter)
    places, refused = _recipients(letter, limits)
    for number, mailbox in enumerate(letter.reply_to):
        _address(mailbox, f"reply_to.{number}")
    _headers(letter)
    return Examined(letter, sender, places, refused, _labels(letter, places, now))


def _address(mailbox: Mailbox, field: str) -> Address:
    if len(mailbox.name) > VALUE_LENGTH:
        raise wrong("invalid_name", f"a name has at most {VALUE_LENGTH} characters", "shorten it", field)
    try:
        words.checked(mailbox.name)
        return parse_path(mailbox.address, smtputf8=True)
    except AddressError as error:
        raise wrong("invalid_address", str(error), "write it as local@domain", field) from None
    except words.BadText as error:
        raise wrong("invalid_name", f"the name {error}", "give the name as plain text on one line", field) from None


def _recipients(letter: Letter, limits: Limits) -> tuple[tuple[Place, ...], tuple[Placed, ...]]:
    """Return who gets it, each address once, and whom of ``people`` it cannot reach."""
    if letter.people:
        if letter.to or letter.cc or letter.bcc:
            fix = "give either recipients, or to, cc and bcc"
            raise wrong("mixed_recipients", "each of recipients gets a letter of its own", fix, "recipients")
        if len(letter.people) > MOST_PEOPLE:
            raise wrong("too_many_recipients", f"at most {MOST_PEOPLE}", "send several letters", "recipients")
        return _people(letter)
    named = list(_named(letter, limits.recipients))
    if not named:
        raise wrong("no_recipient", "no recipient was given", "give to, cc, bcc or recipients", "to")
    first: dict[str, Place] = {}
    for place in named:
        first.setdefault(place.address.text, place)
    return tuple(first.values()), ()


def _named(letter: Letter, most: int) -> Iterator[Place]:
    if len(letter.to) + len(letter.cc) + len(letter.bcc) > most:
        raise wrong("too_many_recipients", f"at most {most} in to, cc and bcc", "send several letters", "to")
    for field, mailboxes in (("to", letter.to), ("cc", letter.cc), ("bcc", letter.bcc)):
        for number, mailbox in enumerate(mailboxes):
            yield Place(f"{field}.{number}", mailbox, _address(mailbox, f"{field}.{number}"), number)


def _people(letter: Letter) -> tuple[tuple[Place, ...], tuple[Placed, ...]]:
    places: dict[str, Place] = {}
    refused: list[Placed] = []
    for number, person in enumerate(letter.people):
        field = f"recipients.{number}"
        try:
            address = _address(person.mailbox, field)
            if not address.is_ascii:
                fix = "send it a letter of its own"
                raise wrong("international_address", "needs SMTPUTF8, which the others do not", fix, field)
            if address.text in places:
                raise wrong("duplicate_recipient", "is named twice", "name every recipient once", field)
        except Wrong as error:
            refused.append(Placed(0, person.mailbox.address[:320], error.trouble))
        else:
            places[address.text] = Place(field, person.mailbox, address, number)
    return tuple(places.values()), tuple(refused)


def _content(letter: Letter) -> None:
    if letter.raw:
        given = (letter.text, letter.html, letter.subject, letter.attachments, letter.headers, letter.reply_to)
        if any(given) or letter.templated or letter.people:
            fix = "leave out subject, text, html, attachments, headers, template and data"
            raise wrong("raw_and_fields", "a whole message was given beside fields of one", fix, "raw")
    elif not letter.text and not letter.html and not letter.template:
        raise wrong("empty_message", "neither text nor html was given", "give text, html, or a template", "text")
    if letter.link_tags and not is_query(letter.link_tags):
        fix = "write name=value&name=value, encoded for a URL"
        raise wrong("invalid_link_tags", "is no query of a URL", fix, "link_tags")
    if len(letter.subject) > SUBJECT_LENGTH:
        raise wrong("subject_too_long", f"at most {SUBJECT_LENGTH} characters", "shorten it", "subject")
    if len(letter.attachments) > MOST_FILES:
        raise wrong("too_many_attachments", f"at most {MOST_FILES}", "send fewer files", "attachments")
    for field in ("subject", "text", "html"):
        try:
            getattr(letter, field).encode()
        except UnicodeEncodeError:
            raise wrong("invalid_text", "holds half of a character", "send valid UTF-8", field) from None


def _headers(letter: Letter) -> None:
    if len(letter.headers) > MOST_HEADERS:
        raise wrong("too_many_headers", f"at most {MOST_HEADERS}", "give fewer", "headers")
    for name, value in letter.headers:
        field = f"headers.{name[:80]}"
        if len(value) > HEADER_LENGTH:
            raise wrong("header_too_long", f"at most {HEADER_LENGTH} characters", "shorten it", field)
        try:
            compose.further_field(name, value)
        except words.BadText as error:
            raise wrong("header_not_allowed", str(error), "leave it out, or correct it", field) from None


def _labels(letter: Letter, places: Sequence[Place], now: float) -> Labels:
    if len(letter.tags) > MOST_TAGS:
        raise wrong("too_many_tags", f"at most {MOST_TAGS}", "give fewer", "tags")
    for number, tag in enumerate(letter.tags):
        _label(tag, TAG_LENGTH, f"tags.{number}")
    if letter.campaign:
        _label(letter.campaign, CAMPAIGN_LENGTH, "campaign")
    if len(letter.metadata) > MOST_METADATA:
        raise wrong("too_much_metadata", f"at most {MOST_METADATA} keys", "give fewer", "metadata")
    for key, value in letter.metadata.items():
        _label(key, TAG_LENGTH, f"metadata.{key[:80]}")
        if len(value) > VALUE_LENGTH:
            detail = f"a value has at most {VALUE_LENGTH} characters"
            raise wrong("metadata_too_long", detail, "shorten it", f"metadata.{key}")
    return Labels(
        campaign=letter.campaign,
        topic=letter.topic,
        tags=letter.tags,
        metadata=dict(letter.metadata),
        due=_due(letter, now),
        opens=letter.opens,
        clicks=letter.clicks,
        lasting=letter.expires_in,
        template=f"{letter.template}@{letter.version}" if letter.template else "",
        tracking=letter.tracking,
        caps=_caps(letter, places),
        track_text=letter.track_text,
        # A letter in fields is composed with its pairs; a whole message gets them when its links are written.
        link_tags=letter.link_tags if letter.raw else "",
    )


def _caps(letter: Letter, places: Sequence[Place]) -> dict[str, Tracking]:
    """Return the most that may be measured of single recipients, by their address as the envelope has it."""
    caps = {place.address.text: cap for place in places if (cap := letter.caps.get(place.mailbox.address))}
    off = (place.address.text for place in places if letter.people and not letter.people[place.index].track)
    return caps | dict.fromkeys(off, "off")


def _label(text: str, longest: int, field: str) -> None:
    if not 0 < len(text) <= longest:
        raise wrong("label_length", f"has 1 to {longest} characters", "shorten it, or leave it out", field)
    if not text.isprintable():
        raise wrong("label_characters", "holds a control character", "send plain text", field)


def _due(letter: Letter, now: float) -> float:
    if letter.scheduled_at > now + FURTHEST:
        days = int(FURTHEST / 86_400)
        raise wrong("scheduled_too_far", f"at most {days} days ahead", "name an earlier time", "scheduled_at")
    if letter.expires_in and not 60 <= letter.expires_in <= LONGEST_WAIT:
        raise wrong("expires_in_range", f"from 60 to {int(LONGEST_WAIT)} seconds", "correct it", "expires_in")
    return letter.scheduled_at if letter.scheduled_at > now else 0.0


def trouble_of(places: Sequence[Placed]) -> Trouble:
    """Return the trouble of a letter none of whose recipients can be reached: that of the first."""
    found = next(place.trouble for place in places if place.trouble is not None)
    return msgspec.structs.replace(found, detail=f"no recipient is left; the first: {found.detail}")
