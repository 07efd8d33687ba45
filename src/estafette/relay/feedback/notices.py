"""Who is told, and of what: obligations as small records, and the report that fulfils them.

Personal mail: failures at once and delays, to the authenticated sender. Other streams: only what NOTIFY
asked for (RFC 3461), or failures to the address that the stream reports to. Nobody is told about mail of
the null sender.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from estafette.base.ids import Mint, show
from estafette.mail import dsn
from estafette.mail.headers import Head
from estafette.mail.quote import one_line
from estafette.mail.returns.finding import Said
from estafette.model.envelope import NOTIFY_DELAY, NOTIFY_FAILURE, NOTIFY_SUCCESS
from estafette.model.event import Event, pack
from estafette.model.message import Content, Delivery, Submission
from estafette.model.outcome import Outcome
from estafette.model.stream import Priority
from estafette.model.user import Language
from estafette.store.interface.spool import Notice

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_DSN_TAKEN = "dsn_relayed"


class Item(msgspec.Struct, frozen=True, array_like=True):
    """The stored form of an obligation.

    Appending a field keeps old records readable (new ones need a default).
    """

    told: dsn.Told
    egress: str


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Item)


def failure_item(content: Content, delivery: Delivery, outcome: Outcome, now: float) -> bytes:
    """Return the obligation to tell of a final failure, b"" when nobody is to be told."""
    if not _owed(content, delivery.notify, NOTIFY_FAILURE):
        return b""
    expired = outcome.verdict in ("deferred", "unknown")
    return _item("failed", delivery, outcome, "4.4.7" if expired else "5.0.0", now)


def delay_item(content: Content, delivery: Delivery, outcome: Outcome, now: float) -> bytes:
    """Return the obligation to tell that a recipient still waits; asked for once per recipient."""
    if not _owed(content, delivery.notify, NOTIFY_DELAY):
        return b""
    return _item("delayed", delivery, outcome, "4.0.0", now, until=delivery.expires)


def success_item(content: Content, delivery: Delivery, outcome: Outcome, now: float) -> bytes:
    """Return the obligation to tell that a message was relayed (RFC 3461 section 5.2.2).

    Only to who asked for it, and not when the next server took the obligation over (reason ``dsn_relayed``).
    """
    if not _owed(content, delivery.notify, NOTIFY_SUCCESS) or outcome.reason == _DSN_TAKEN:
        return b""
    return _item("relayed", delivery, outcome, "2.0.0", now)


def late_item(content: Content, event: Event, said: Said, egress: str) -> bytes:
    """Return the obligation to tell of a failure that was reported after delivery, b"" when nobody is to be told.

    Of what NOTIFY did not mention, people are told, others by the address that their stream reports to.
    """
    asked = content.asked_of(event.number)
    if not _owed(content, asked.notify, NOTIFY_FAILURE):
        return b""
    words = " ".join(each for each in (str(said.code or ""), said.status, said.text) if each)
    told = dsn.Told(
        address=event.recipient, action="failed", at=event.at, words=one_line(words), remote=said.remote, late=True,
        status=said.status if said.status[:2] in _classes("failed") and _STATUS.fullmatch(said.status) else "5.0.0",
        orcpt=asked.orcpt,
    )  # fmt: skip
    return _encoder.encode(Item(told, egress))


def compose(
    content: Content, notices: Sequence[Notice], head: bytes, *, now: float, hostname: str, mint: Mint,
    expire: float, language: Language | Literal[""] = "",
) -> Submission:  # fmt: skip
    """Return one report that fulfils the obligations of one message.

    head: the stored message, or at least its header section. expire: seconds after which the report is
    given up. language: see ``dsn.Report``.
    """
    items = [_decoder.decode(notice.item) for notice in notices]
    number = mint.next()
    to = _reader(content)
    told = _report(content, items, head, number, to, now, hostname)
    body = dsn.write(msgspec.structs.replace(told, language=language))
    letter = _letter(content, body, number, to, now, hostname)
    delivery = _delivery(letter, items[0].egress, to, now + expire)
    return Submission(
        letter,
        (delivery,),
        (pack(_queued(letter, delivery, mint.next())),),
        tuple((notice.message, notice.number) for notice in notices),
    )


def _owed(content: Content, notify: int, what: int) -> bool:
    if not content.sender or "@" not in _reader(content):
        return False
    if notify:
        return bool(notify & what)
    if content.kind == "personal":
        return what != NOTIFY_SUCCESS
    return what == NOTIFY_FAILURE and bool(content.reports)


def _reader(content: Content) -> str:
    """Who reads it: the address to report to, else, since the recipient's NOTIFY asked, the sender."""
    return content.reports or content.sender


def _item(
    action: dsn.Action, delivery: Delivery, outcome: Outcome, status: str, now: float, *, until: float = 0.0
) -> bytes:
    reply = outcome.reply
    words = f"{reply.code} {reply.enhanced} {reply.text}" if reply is not None else outcome.reason or delivery.last
    if reply is not None and reply.enhanced[:2] in _classes(action) and _STATUS.fullmatch(reply.enhanced):
        status = reply.enhanced
    told = dsn.Told(
        address=delivery.address, action=action, status=status, at=now,
        words=one_line(" ".join(words.split())),
        remote=outcome.site if reply is not None and outcome.phase not in ("dns", "local") else "",
        orcpt=delivery.orcpt, until=until,
    )  # fmt: skip
    return _encoder.encode(Item(told, delivery.egress))


def _classes(action: dsn.Action) -> tuple[str, ...]:
    """Return how a status may begin; a peer that says 2.0.0 while it refuses is not believed."""
    return {"failed": ("4.", "5."), "delayed": ("4.",), "relayed": ("2.",)}[action]


def _report(
    content: Content, items: Sequence[Item], message: bytes, number: int, to: str, now: float, hostname: str
) -> dsn.Report:
    failed = any(item.told.action == "failed" for item in items)
    whole = content.ret == "FULL" and failed and len(message) == content.size
    return dsn.Report(
        hostname=hostname,
        to=to,
        at=now,
        message_id=f"<{show(number).lower()}@{hostname}>",
        boundary=f"report-{show(number)}",
        arrival=content.accepted,
        told=[item.told for item in items],
        returned=message if whole else Head.parse(message).section,
        whole=whole,
        envid=content.envid,
    )


def _letter(content: Content, body: bytes, number: int, to: str, now: float, hostname: str) -> Content:
    """The report as a message of its own; its null sender is why its own failure is never told."""
    eight_bit = not body.isascii()
    return Content(
        id=number, tenant=content.tenant, stream="personal", kind="personal", credential=content.credential,
        sender="", header_from=hostname, size=len(body), accepted=now, body=body,
        body_type="8BITMIME" if eight_bit else "7BIT", smtputf8=not to.isascii(), eight_bit=eight_bit,
        show_id=content.show_id, source="notice",
    )  # fmt: skip


def _delivery(letter: Content, egress: str, to: str, expires: float) -> Delivery:
    domain = to.rpartition("@")[2].lower()
    return Delivery(
        message=letter.id, number=1, tenant=letter.tenant, stream=letter.stream, priority=Priority.PERSONAL,
        lane=domain, domain=domain, address=to, egress=egress, due=letter.accepted, born=letter.accepted,
        expires=expires, size=letter.size, from_domain=letter.header_from,
    )  # fmt: skip


def _queued(letter: Content, delivery: Delivery, number: int) -> Event:
    return Event(
        id=number, at=letter.accepted, kind="queued", tenant=letter.tenant, stream=letter.stream,
        message=letter.id, number=1, recipient=delivery.address, credential=letter.credential,
        size=letter.size, reason="notice", from_domain=letter.header_from, private=True,
    )  # fmt: skip
