"""What the service answers, as values; fields that a later release adds are ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from estafette.sdk.problem import Problem, read_problem

T = TypeVar("T")
Told = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """A page of a list. next: where the next one begins, "" on the last one. last: how far this one came, in a log."""

    items: tuple[T, ...]
    next: str
    last: str

    @classmethod
    def of(cls, told: Told, item: Callable[[Told], T]) -> Self:
        """Read a page whose items are read by ``item``."""
        given = told["items"]
        last = str(told.get("cursor") or "")
        return cls(items=tuple(item(each) for each in given), next=told.get("next") or "", last=last)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """One recipient of a message that was handed in. id: ``ID.N``, "" when refused. status: accepted, refused, ..."""

    recipient: str
    status: str
    id: str
    problem: Problem | None

    @classmethod
    def of(cls, told: Told) -> Self:
        """Read a recipient."""
        return cls(
            recipient=told["recipient"], status=told["status"], id=told.get("id", ""), problem=_problem(told)
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What became of a message that was handed in.

    id: finds it again; "" when it was refused or only checked. status: queued, scheduled, sandboxed or refused.
    problem: why it was refused, which only happens within a batch. index: its place in the batch.
    """

    id: str
    status: str
    recipients: tuple[Placed, ...]
    problem: Problem | None
    index: int

    @classmethod
    def of(cls, told: Told) -> Self:
        """Read the answer for a message."""
        return cls(
            id=told.get("id", ""), status=told["status"], index=told.get("index", 0), problem=_problem(told),
            recipients=tuple(Placed.of(each) for each in told["recipients"]),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the other server said."""

    code: int
    enhanced: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Hit:
    """What opened a message or followed a link. agent: ``human``, ``scanner``, ...; reasons: why that was concluded.

    mode: ``individual``, or ``aggregate`` where nobody in particular is meant. link: place of the link in the message,
    0 for an open. was: the class under which the same hit was counted before, "" when this is no correction.
    """

    agent: str
    reasons: tuple[str, ...]
    mode: str
    link: int
    url: str
    client: str
    country: str
    first: bool
    was: str

    @classmethod
    def of(cls, told: Told) -> Self:
        """Read a hit."""
        return cls(
            agent=told["agent"], reasons=tuple(told.get("reasons") or ()), mode=told.get("mode") or "",
            link=told.get("link") or 0, url=told.get("url") or "", client=told.get("client") or "",
            country=told.get("country") or "", first=bool(told.get("first")), was=told.get("was") or "",
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to one recipient.

    cursor: its place in the log, "" in a message's own story. message: ``ID.N``. recipient: "" where it is another's
    secret. kind, reason: docs/reference/events. attempt: number of the try, 0 for none. hit: of ``opened`` and
    ``clicked``. count: how many such it stands for.
    """

    id: str
    at: datetime
    kind: str
    message: str
    recipient: str
    stream: str
    campaign: str
    attempt: int
    reply: Reply | None
    reason: str
    tags: tuple[str, ...]
    metadata: Mapping[str, str]
    cursor: str
    hit: Hit | None
    count: int

    @classmethod
    def of(cls, told: Told) -> Self:
        """Read an event."""
        reply, hit = told.get("reply"), told.get("hit")
        return cls(
            id=told["id"], at=datetime.fromisoformat(told["at"]), kind=told["kind"], message=told["message"],
            recipient=told.get("recipient") or "", stream=told.get("stream") or "",
            campaign=told.get("campaign") or "", attempt=told.get("attempt") or 0,
            reply=Reply(code=reply["code"], enhanced=reply["enhanced"], text=reply["text"]) if reply else None,
            reason=told.get("reason") or "", tags=tuple(told.get("tags") or ()),
            metadata=dict(told.get("metadata") or {}), cursor=told.get("cursor") or "",
            hit=Hit.of(hit) if hit else None, count=told.get("count") or 1,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Email:
    """A message that was accepted. subject, from_: "" when only its events are kept. events: oldest first, from get."""

    id: str
    stream: str
    from_: str
    subject: str
    accepted: datetime
    campaign: str
    tags: tuple[str, ...]
    metadata: Mapping[str, str]
    events: tuple[Event, ...]

    @classmethod
    def of(cls, told: Told) -> Self:
        """Read a message."""
        return cls(
            id=told["id"], stream=told["stream"], from_=told.get("from") or "", subject=told.get("subject") or "",
            accepted=datetime.fromisoformat(told["accepted"]), campaign=told.get("campaign") or "",
            tags=tuple(told.get("tags") or ()), metadata=dict(told.get("metadata") or {}),
            events=tuple(Event.of(each) for each in told.get("events") or ()),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What a change of waiting mail reached. recipients: how many."""

    id: str
    recipients: int

    @classmethod
    def of(cls, told: Told) -> Self:
        """Read the answer to a change."""
        return cls(id=told["id"], recipients=told["recipients"])


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template with the texts of one version.

    published: number of the version that is sent, None for none. latest: the newest. number: whose texts these are.
    """

    id: str
    name: str
    published: int | None
    latest: int
    number: int
    subject: str
    text: str
    html: str

    @classmethod
    def of(cls, told: Told) -> Self:
        """Read a template."""
        content = told["content"]
        return cls(
            id=told["id"], name=told["name"], published=told["published"], latest=told["latest"],
            number=content["number"], subject=content["subject"], text=content["text"], html=content["html"],
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a version of a template becomes with values."""

    number: int
    subject: str
    text: str
    html: str

    @classmethod
    def of(cls, told: Told) -> Self:
        """Read a preview."""
        return cls(number=told["number"], subject=told["subject"], text=told["text"], html=told["html"])


def _problem(told: Told) -> Problem | None:
    return read_problem(told["problem"]) if told.get("problem") else None
