"""The events of judged hits: one when a hit is final, and a correction when it is judged otherwise later."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

from estafette.base import ids
from estafette.model.event import Event
from estafette.model.tracking import Hit, RawHit
from estafette.relay.feedback.judgement import Judged
from estafette.relay.feedback.timeline import UNKNOWN
from estafette.tracking.agents import Programs
from estafette.tracking.classify import VERSION
from estafette.tracking.said import RECLASSIFIED, Said

#: Country of an address, two letters; "" when nobody knows.
Country = Callable[[str], str]
_LOW = (1 << 22) - 1


def final(judged: Judged, programs: Programs, country: Country) -> Event:
    """Return the event of a hit that waited long enough. Its id is the hit's: written twice, it counts once."""
    return _event(judged, judged.hit.id, _hit(judged, programs, country, first=judged.first, was=""))


def correction(judged: Judged, word: Said, programs: Programs, country: Country) -> Event | None:
    """Return what corrects the last word on a hit, None when it stands. Counted in the hour of the hit.

    Its id follows from what it says, so that correcting twice counts once.
    """
    verdict = judged.verdict
    if verdict.agent == word.agent and judged.first == word.first:
        return None
    changes = judged.first != word.first
    hit = _hit(judged, programs, country, first=changes, was=word.agent)
    return _event(judged, _id(judged.hit, word, hit), hit, reason=RECLASSIFIED, source=ids.show(judged.hit.id))


def _event(judged: Judged, number: int, hit: Hit, *, reason: str = "", source: str = "") -> Event:
    raw = judged.hit
    who = judged.timeline.recipients.get(raw.number, UNKNOWN)
    return Event(
        id=number, at=raw.at, kind=raw.kind, tenant=raw.tenant, stream=raw.stream, message=raw.message,
        number=raw.number, recipient=who.address, campaign=raw.campaign or who.campaign, site=who.site, source=source,
        reason=reason, credential=who.credential, tags=raw.tags or who.tags, metadata=who.metadata,
        template=raw.template or who.template, hit=hit, from_domain=who.from_domain, private=who.private,
        topic=who.topic,
    )  # fmt: skip


def _hit(judged: Judged, programs: Programs, country: Country, *, first: bool, was: str) -> Hit:
    raw, verdict = judged.hit, judged.verdict
    # The address of a machine says where the machine stands, and nothing about a person.
    place = country(raw.address) if verdict.agent == "human" else ""
    return Hit(
        verdict.agent, verdict.reasons, VERSION, link=raw.link, url=raw.url, client=programs.of(raw.agent).family,
        country=place, first=first, was=was,
    )  # fmt: skip


def _id(raw: RawHit, word: Said, hit: Hit) -> int:
    says = f"{raw.id}/{word.version}/{word.agent}/{word.first}/{VERSION}/{hit.agent}/{hit.first}"
    return raw.id & ~_LOW | crc32(says.encode()) & _LOW
