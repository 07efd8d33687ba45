"""The named steps of the recipe; each is a pure function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from estafette.base.ids import show
from estafette.mail import verp
from estafette.mail.dkim.sign import Covered, Signer, fields_of, sign, signer_for
from estafette.mail.headers import Head
from estafette.model.domain import SigningKey
from estafette.model.message import Content, Delivery
from estafette.relay.preparation.context import PreparationContext


def shares_transaction(content: Content) -> bool:
    """Whether recipients of a lane share a transaction: personal mail has one return path for all."""
    return content.kind == "personal" and not content.late


def return_path(content: Content, deliveries: Sequence[Delivery], context: PreparationContext) -> str:
    """Return the envelope sender: one per message or, if not personal, per recipient; null stays null."""
    if not content.sender:
        return ""
    number = 0 if shares_transaction(content) else deliveries[0].number
    return verp.make(context.mac, content.id, number, context.return_path_domain)


def id_field(content: Content) -> bytes:
    """Return the X-Estafette-Id field, b"" when the tenant does not want it."""
    return b"X-Estafette-Id: %s\r\n" % show(content.id).encode() if content.show_id else b""


def signers(context: PreparationContext) -> list[Signer]:
    """Return who signs: the From domain with each kind of key it has, then the service with its first key."""
    chosen = list(_one_of_each_kind(context.keys))
    signed = {key.domain for key in chosen}
    chosen += [key for key in context.service_keys[:1] if key.domain not in signed]
    return [signer_for(key) for key in chosen]


def signatures(head: Head, added: bytes, hashed: bytes, context: PreparationContext) -> bytes:
    """Return the DKIM-Signature fields of a message.

    added: the field that will stand on top, b"" for none; hashed: its body's hash.
    """
    chosen = signers(context)
    if not chosen:
        return b""
    name, _, value = added.partition(b":")
    covered = Covered.of([(name.lower(), value[:-2]), *fields_of(head)])
    return b"".join(sign(covered, hashed, signer, now=context.now) for signer in chosen)


def _one_of_each_kind(keys: Sequence[SigningKey]) -> Iterable[SigningKey]:
    """A key that retires may still be listed beside its successor; one signature of a kind is enough."""
    return {key.kind: key for key in reversed(keys)}.values()
