"""Rewriting: links, pixel and the recipient's own addresses in the message to one recipient."""

from __future__ import annotations

from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

from estafette.mail.headers import Head
from estafette.model.message import Content, Delivery
from estafette.tracking.edit import Edit
from estafette.tracking.plan import NOTHING, Plan, Wish, planned
from estafette.tracking.writer import Writer

#: Octets of a message that is read whole for this; a larger one goes as it is.
LARGEST = 8 << 20
_WORD = b"estafette:"
#: What is left of the word in base64 (RFC 4648 section 4), wherever among its groups of three octets it begins.
_IN_BASE64 = tuple(b64encode(b" " * before + _WORD)[-(-before * 4 // 3) : -4] for before in range(3))
_PLANS = 16
_LONG = 64 << 10


def untouched(content: Content, delivery: Delivery) -> bool:
    """Whether a message is neither measured nor searched: people's letters are theirs."""
    return content.kind == "personal" and delivery.tracking == "off"


def edits(
    content: Content, delivery: Delivery, writer: Writer, head: Head, message: Callable[[], bytes]
) -> Sequence[Edit]:  # fmt: skip
    """Return what changes in a message for a recipient, the same at each attempt. message: reads it, when it must."""
    wish = _wish(content, writer.base(content), measured=delivery.tracking != "off")
    plan = _plans.plan(content, wish, head, message)
    return plan.edits(writer.addresses(plan, content, delivery)) if plan.spots else ()


class _Plans:
    """Plans of contents that have more recipients: what is found in a message is found once for them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, str, Wish], tuple[bytes, Plan]] = OrderedDict()
        self._lock = Lock()

    def plan(self, content: Content, wish: Wish, head: Head, message: Callable[[], bytes]) -> Plan:
        """Return the plan of a message. What is written for each recipient alone is looked through for each."""
        if content.recipients < 2 or content.late:
            return _planned(message(), head, wish)
        key = (content.id, content.file, wish)
        with self._lock:
            body, plan = self._kept.get(key, (None, NOTHING))
            if body == content.body:
                self._kept.move_to_end(key)
                return plan
        plan = _planned(message(), head, wish)
        with self._lock:
            self._kept[key] = (content.body, plan)
            if len(self._kept) > _PLANS:
                self._kept.popitem(last=False)
        return plan


_plans = _Plans()


def _planned(message: bytes, head: Head, wish: Wish) -> Plan:
    measured = wish.links or wish.opens
    return planned(message, head, wish) if measured or _may_hold_word(message) else NOTHING


def _wish(content: Content, base: str, *, measured: bool) -> Wish:
    clicks = measured and content.clicks is not False
    return Wish(
        base=base, links=clicks, opens=measured and content.opens is not False, texts=clicks and content.track_text,
        tags=content.link_tags,
    )  # fmt: skip


def _may_hold_word(message: bytes) -> bool:
    """Whether one of our words may stand in a message, also over a soft line break or in base64.

    Most mail holds none, and is not looked through any further. In a long one it costs less to find the texts among the
    files first.
    """
    if len(message) > _LONG:
        return _WORD in message or b"base64" in message or b"quoted-printable" in message
    folded = message.lower()
    if _WORD in folded or (b"quoted-printable" in folded and _WORD in folded.replace(b"=\r\n", b"")):
        return True
    if b"base64" not in folded:
        return False
    joined = message.replace(b"\r\n", b"")
    return any(word in joined for word in _IN_BASE64)
