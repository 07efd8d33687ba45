"""The words in which replies are told: category, action, scope; facts 7.2 as a table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

import msgspec

from estafette.base.shipped import table

Family = Literal["hard", "soft", "block", "content", "config", "local", "event", "unknown"]
Action = Literal["deliver_again", "back_off_slow", "try_other_source", "fail"]
Scope = Literal[
    "recipient", "domain", "site", "source_ip", "sender_domain", "message", "tenant", "triple", "transaction"
]
#: Scopes of the recipient's side: a reply of any other is the operator's business and suppresses nobody.
ADDRESS_SCOPES: frozenset[str] = frozenset({"recipient", "domain"})


class Category(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a kind of reply means, before a rule or the first digit says otherwise.

    bounce: its family. suppress: such a reply ends mail to the address, after as many of them as ``after`` says.
    en, fr: it in a sentence.
    """

    bounce: Family
    action: Action
    scope: Scope
    suppress: bool = False
    after: int = 1
    en: str
    fr: str


@cache
def vocabulary() -> Mapping[str, Category]:
    """Return the categories by name."""
    return table("estafette.smtp.classification", "vocabulary.toml", dict[str, Category])
