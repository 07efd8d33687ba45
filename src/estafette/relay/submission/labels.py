"""The X-Estafette fields by which a client labels its message; read, then taken out of it."""

from __future__ import annotations

import msgspec

from estafette.base.errors import Refusal
from estafette.mail.headers import Head, unfold

CAMPAIGN = b"x-estafette-campaign"
STREAM = b"x-estafette-stream"
TAG = b"x-estafette-tag"
KEY = b"x-estafette-idempotency-key"
OWN = frozenset({CAMPAIGN, STREAM, TAG, KEY})
_PREFIX = b"x-estafette-"
_MOST_TAGS = 10
_TAG_LENGTH = 64
_CAMPAIGN_LENGTH = 255


class Labels(msgspec.Struct, frozen=True):
    """What the client said. stream: "" = the credential's own.

    due: unix seconds before which nothing is sent, 0 = now. lasting: seconds that delivery may take then, 0 = as the
    settings say. key: of idempotency, "" for none. opens, clicks: whether to track, None = as the stream says.
    template: the stored one that the message was written from, as ``NAME@VERSION``.
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


_NONE = Labels()


def read(head: Head) -> Labels:
    """Return the labels of a message; Refusal 550 5.6.0 names the one that cannot be taken."""
    if _PREFIX not in head.section.lower():
        return _NONE
    tags = tuple(_text(value, "tag", _TAG_LENGTH) for value in head.get_all(TAG))
    if len(tags) > _MOST_TAGS:
        raise _refusal("tag", f"is given more than {_MOST_TAGS} times")
    return Labels(
        campaign=_one(head, CAMPAIGN, "campaign", _CAMPAIGN_LENGTH),
        stream=_one(head, STREAM, "stream", 64),
        tags=tags,
        key=_one(head, KEY, "idempotency-key", _CAMPAIGN_LENGTH),
    )


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
