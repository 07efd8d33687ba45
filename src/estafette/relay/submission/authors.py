"""Whose name a message bears: every address of From and Sender, checked against the credential."""

from __future__ import annotations

from estafette.base.errors import Refusal
from estafette.mail.disguise import disguised_author
from estafette.mail.headers import Head
from estafette.model.address import Address, AddressError, parse_mailboxes
from estafette.model.credential import Identity
from estafette.store.interface.directory import Directory

_REMEMBERED = 4096


def not_allowed(address: str) -> Refusal:
    """Return the refusal for an address that the tenant has not proved or the credential may not use."""
    return Refusal(
        550,
        "5.7.1",
        "sender address not allowed: domain not verified for this account, or not of this login",
        rule="sender_not_allowed",
        cause=address,
    )


class Authors:
    """Checks From and Sender; remembers what it allowed as long as the directory's answers stand.

    A company's clients repeat the same few From values, so that most messages cost one look-up.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._version = directory.version
        self._allowed: dict[tuple[str, bytes, bytes], str] = {}

    def check(self, identity: Identity, senders: list[bytes], froms: list[bytes]) -> str:
        """Return the domain of the first From address; Refusal when any address is not allowed.

        senders, froms: the raw bodies of all Sender and From fields. RFC 5322 section 3.6 allows one of each.
        """
        if len(froms) != 1:
            raise _malformed("from_missing" if not froms else "from_repeated", "exactly one From field is needed")
        if len(senders) > 1:
            raise _malformed("sender_repeated", "at most one Sender field is allowed")
        if self._version != self._directory.version or len(self._allowed) > _REMEMBERED:
            self._allowed.clear()
            self._version = self._directory.version
        key = (identity.credential, froms[0], senders[0] if senders else b"")
        domain = self._allowed.get(key)
        if domain is None:
            domain = self._allowed[key] = self._examine(identity, froms[0], senders)
        return domain

    def _examine(self, identity: Identity, from_: bytes, senders: list[bytes]) -> str:
        authors = _mailboxes(from_, "From")
        named = authors + [box for value in senders for box in _mailboxes(value, "Sender")]
        for address in named:
            if not self._directory.may_send_as(identity, address.domain, address.key):
                raise not_allowed(address.text)
        return authors[0].domain


def refuse_disguise(head: Head) -> None:
    """Refusal 550 5.6.0 when a field could be read as a second From or Sender."""
    if disguised_author(head):
        raise _malformed("from_malformed", "a field name resembles From or Sender")


def _malformed(rule: str, text: str) -> Refusal:
    return Refusal(550, "5.6.0", text, rule=rule)


def _mailboxes(value: bytes, field: str) -> list[Address]:
    rule = f"{field.lower()}_malformed"
    try:
        found = parse_mailboxes(value.decode("utf-8"))
    except UnicodeDecodeError:
        raise _malformed(rule, f"the {field} field is neither ASCII nor UTF-8") from None
    except AddressError as error:
        raise _malformed(rule, f"the {field} field cannot be read: {error}") from None
    if not found or (field == "Sender" and len(found) != 1):
        raise _malformed(rule, f"the {field} field names no mailbox, or too many")
    return found
