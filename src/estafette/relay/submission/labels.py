"""The X-Estafette fields by which a client labels its message; read, then taken out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from estafette.base.errors import Refusal
from estafette.mail import links
from estafette.mail.headers import Head, unfold
from estafette.model.stream import Tracking
from estafette.model.tracking import MODES, strictest

CAMPAIGN = b"x-estafette-campaign"
STREAM = b"x-estafette-stream"
TOPIC = b"x-estafette-topic"
TAG = b"x-estafette-tag"
KEY = b"x-estafette-idempotency-key"
TRACK = b"x-estafette-track"
LINK_TAGS = b"x-estafette-link-tags"
OWN = frozenset({CAMPAIGN, STREAM, TOPIC, TAG, KEY, TRACK, LINK_TAGS})
#: What a message says of being measured: the most that is, and what is left out or added.
_WORDS = frozenset({*MODES, "no-opens", "no-clicks", "text"})
_PREFIX = b"x-estafette-"
_MOST_TAGS = 10
_TAG_LENGTH = 64
_CAMPAIGN_LENGTH = 255


class Labels(msgspec.Struct, frozen=True):
    """What the client said. stream: "" = the credential's own. topic: of the stream, "" = none in particular.

    due: unix seconds before which nothing is sent, 0 = now. lasting: seconds that delivery may take then, 0 = as the
    settings say. key: of idempotency, "" for none. opens, clicks: whether to track, None = as the mode says.
    template: the stored one that the message was written from, as ``NAME@VERSION``. tracking: the most that is
    measured, "" = as the stream says; caps: the same of single recipients, by address. track_text: links of text parts
    too. link_tags: pairs for the query of every measured link.
    once: nobody is to get the campaign twice; whoever hands the message in asks before.
    """

    campaign: str = ""
    stream: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    due: float = 0.0
    lasting: float = 0.0
    key: str = ""
    opens: bool | None = None
    clicks: bool | None = None
    template: str = ""
    once: bool = False
    tracking: Tracking | Literal[""] = ""
    caps: Mapping[str, Tracking] = {}
    track_text: bool = False
    link_tags: str = ""
    topic: str = ""


_NONE = Labels()


def read(head: Head) -> Labels:
    """Return the labels of a message; Refusal 550 5.6.0 names the one that cannot be taken."""
    if _PREFIX not in head.section.lower():
        return _NONE
    tags = tuple(_text(value, "tag", _TAG_LENGTH) for value in head.get_all(TAG))
    if len(tags) > _MOST_TAGS:
        raise _refusal("tag", f"is given more than {_MOST_TAGS} times")
    opens, clicks, tracking, text = _track(head)
    return Labels(
        opens=opens,
        clicks=clicks,
        tracking=tracking,
        track_text=text,
        link_tags=_link_tags(head),
        campaign=_one(head, CAMPAIGN, "campaign", _CAMPAIGN_LENGTH),
        stream=_one(head, STREAM, "stream", 64),
        topic=_one(head, TOPIC, "topic", 64),
        tags=tags,
        key=_one(head, KEY, "idempotency-key", _CAMPAIGN_LENGTH),
    )


def _track(head: Head) -> tuple[bool | None, bool | None, Tracking | Literal[""], bool]:
    """Read what the message says of being measured; of several modes the strictest counts."""
    words = {word.strip().lower() for value in head.get_all(TRACK) for word in _text(value, "track", 255).split(",")}
    if odd := words - _WORDS:
        raise _refusal("track", f"says {min(odd)[:32]!r}; it knows {', '.join(sorted(_WORDS))}")
    said = [mode for mode in MODES if mode in words]
    opens, clicks = (False if f"no-{kind}" in words else None for kind in ("opens", "clicks"))
    return opens, clicks, strictest(*said) if said else "", "text" in words


def _link_tags(head: Head) -> str:
    query = _one(head, LINK_TAGS, "link-tags", links.LONGEST)
    if query and not links.is_query(query):
        raise _refusal("link-tags", "is no query of a URL: name=value&name=value")
    return query


def _one(head: Head, name: bytes, word: str, longest: int) -> str:
    values = head.get_all(name)
    if len(values) > 1:
        raise _refusal(word, "is given twice")
    return _text(values[0], word, longest) if values else ""


def _text(value: bytes, word: str, longest: int) -> str:
    try:
        text = unfold(value).decode("utf-8")
    except UnicodeDecodeError:
        raise _refusal(word, "is neither ASCII nor UTF-8") from None
    if len(text) > longest:
        raise _refusal(word, f"has more than {longest} characters")
    if not text.isprintable():
        raise _refusal(word, "holds a control character")
    return text


def _refusal(word: str, trouble: str) -> Refusal:
    return Refusal(550, "5.6.0", f"the field X-Estafette-{word.title()} {trouble}", rule=f"{word}_malformed")
