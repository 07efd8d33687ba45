"""Header fields of other services, for credentials whose programs still write them: understood, then taken out.

Mailjet: its guide "SMTP relay", thirteen fields. Brevo: X-Mailin-... as its plugins write them. turboSMTP: campaign.
What a family has and we lack is refused by name: mail must not go out other than its sender meant it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from estafette.base.errors import Refusal
from estafette.mail.headers import Head, unfold
from estafette.relay.submission.labels import Labels

VALUE_LENGTH = 1000
CAMPAIGN_LENGTH = 255
TAG_LENGTH = 64
_ON = frozenset({"1", "true", "yes", "y", "on"})
_OFF = frozenset({"", "0", "false", "no", "n", "off"})


class Family(msgspec.Struct, frozen=True):
    """How fields begin that belong to a service, and what those mean that are applied (lower-case names)."""

    starts: tuple[bytes, ...]
    campaign: bytes = b""
    tag: bytes = b""
    opens: bytes = b""
    clicks: bytes = b""
    once: bytes = b""
    metadata: Mapping[bytes, str] = {}
    refused: tuple[bytes, ...] = ()


FAMILIES: Mapping[str, Family] = MappingProxyType({
    "mailjet": Family(
        starts=(b"x-mailjet-", b"x-mj-"),
        campaign=b"x-mailjet-campaign",
        opens=b"x-mailjet-trackopen",
        clicks=b"x-mailjet-trackclick",
        metadata={
            b"x-mj-customid": "CustomID",
            b"x-mj-eventpayload": "EventPayload",
            b"x-mj-monitoringcategory": "MonitoringCategory",
            b"x-mailjet-prio": "Priority",
        },
        once=b"x-mailjet-deduplicatecampaign",
        refused=(b"x-mj-templateid", b"x-mj-templatelanguage"),
    ),
    "brevo": Family(
        starts=(b"x-mailin-", b"x-sib-"),
        tag=b"x-mailin-tag",
        metadata={b"x-mailin-custom": "X-Mailin-custom"},
        refused=(b"x-sib-sandbox",),
    ),
    "turbosmtp": Family(starts=(b"x-campaign-id", b"x-turbosmtp-"), campaign=b"x-campaign-id"),
})  # fmt: skip


def names(family: str, head: Head) -> frozenset[bytes]:
    """Return the fields of a message that belong to a family, those that it does not know too."""
    starts = FAMILIES[family].starts
    return frozenset(field[0] for field in head.fields if field[0].startswith(starts))


def read(family: str, head: Head, said: Labels) -> Labels:
    """Return the labels with what a family's fields add; our own fields win. Refusal 550 5.6.0 names the field."""
    known, present = FAMILIES[family], names(family, head)
    if not present:
        return said
    for name in known.refused:
        if name in present and _text(head, name, VALUE_LENGTH).lower() not in _OFF:
            raise _refusal(name, "asks for what this service does not do; leave it out")
    found: dict[str, Any] = {
        meaning: _text(head, name, VALUE_LENGTH) for name, meaning in known.metadata.items() if name in present
    }
    changes: dict[str, Any] = {"metadata": {key: value for key, value in found.items() if value} | said.metadata}
    if known.campaign in present and not said.campaign:
        changes["campaign"] = _text(head, known.campaign, CAMPAIGN_LENGTH)
    if known.tag in present:
        changes["tags"] = _tags(head, known.tag, said)
    for meaning, name in (("opens", known.opens), ("clicks", known.clicks)):
        if name in present:
            changes[meaning] = _switch(head, name) and getattr(said, meaning) is not False
    if known.once in present and _switch(head, known.once):
        changes["once"] = True
    return msgspec.structs.replace(said, **changes)


def _tags(head: Head, name: bytes, said: Labels) -> tuple[str, ...]:
    tag = _text(head, name, TAG_LENGTH)
    return (*said.tags, tag) if tag and tag not in said.tags else said.tags


def _switch(head: Head, name: bytes) -> bool:
    text = _text(head, name, VALUE_LENGTH).lower()
    if text not in _ON and text not in _OFF:
        raise _refusal(name, "is 0 or 1")
    return text in _ON


def _text(head: Head, name: bytes, longest: int) -> str:
    try:
        text = unfold(head.first(name) or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise _refusal(name, "is neither ASCII nor UTF-8") from None
    if len(text) > longest:
        raise _refusal(name, f"has more than {longest} characters")
    if not text.isprintable():
        raise _refusal(name, "holds a control character")
    return text


def _refusal(name: bytes, trouble: str) -> Refusal:
    return Refusal(550, "5.6.0", f"the field {name.decode().title()} {trouble}", rule="header_family")
