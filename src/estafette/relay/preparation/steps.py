"""The named steps of the recipe; each is a pure function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from estafette.base.ids import show
from estafette.mail import list_unsubscribe, verp
from estafette.mail.dkim.sign import Covered, Signer, fields_of, sign, signer_for
from estafette.mail.headers import Head
from estafette.model.domain import SigningKey
from estafette.model.message import Content, Delivery
from estafette.relay.preparation.context import PreparationContext


def shares_transaction(content: Content, delivery: Delivery) -> bool:
    """Whether recipients of a lane share a transaction: those of a person's letter do, when nothing is measured."""
    return content.kind == "personal" and delivery.tracking == "off" and not content.late


def return_path(content: Content, deliveries: Sequence[Delivery], context: PreparationContext) -> str:
    """Return the envelope sender: one per message or, if not personal, per recipient; null stays null."""
    if not content.sender:
        return ""
    number = 0 if shares_transaction(content, deliveries[0]) else deliveries[0].number
    return verp.make(context.mac, content.id, number, context.return_path_domain)


def id_field(content: Content) -> bytes:
    """Return the X-Estafette-Id field, b"" when the tenant does not want it."""
    return b"X-Estafette-Id: %s\r\n" % show(content.id).encode() if content.show_id else b""


def unsubscribe_fields(content: Content, delivery: Delivery, head: Head, context: PreparationContext) -> bytes:
    """Return the fields by which one click, or a mail, unsubscribes (RFC 2369, RFC 8058), b"" where they have no place.

    Bulk mail has them unless it brings its own, or a signature over its fields that is not ours.
    """
    writer = context.writer
    if content.kind != "bulk" or writer is None or head.contains(b"list-unsubscribe"):
        return b""
    if head.contains(b"dkim-signature"):
        return b""
    mailbox = writer.mailbox(content, delivery, context.return_path_domain)
    return list_unsubscribe.fields(writer.own("unsubscribe", content, delivery), mailbox)


def signers(context: PreparationContext) -> list[Signer]:
    """Return who signs: the From domain with each kind of key it has, then the service with its first key."""
    chosen = list(_one_of_each_kind(context.keys))
    signed = {key.domain for key in chosen}
    chosen += [key for key in context.service_keys[:1] if key.domain not in signed]
    return [signer_for(key) for key in chosen]


def signatures(head: Head, added: bytes, hashed: bytes, context: PreparationContext) -> bytes:
    """Return the DKIM-Signature fields of a message.

    added: the fields that will stand on top, each on one line; hashed: its body's hash.
    """
    chosen = signers(context)
    if not chosen:
        return b""
    on_top = [line.partition(b":") for line in added.split(b"\r\n")]
    covered = Covered.of([*((name.lower(), value) for name, _, value in on_top), *fields_of(head)])
    return b"".join(sign(covered, hashed, signer, now=context.now) for signer in chosen)


def _one_of_each_kind(keys: Sequence[SigningKey]) -> Iterable[SigningKey]:
    """A key that retires may still be listed beside its successor; one signature of a kind is enough."""
    return {key.kind: key for key in reversed(keys)}.values()
