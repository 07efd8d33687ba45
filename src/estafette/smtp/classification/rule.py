"""A rule of classification: what it matches, what it concludes, and replies that show it."""

from __future__ import annotations

from typing import Literal

import msgspec

from estafette.smtp.classification.vocabulary import Action, Scope

Tier = Literal["provider", "generic", "enhanced", "basic", "digit"]
Phase = Literal["connect", "ehlo", "mail", "rcpt", "data"]


class Example(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reply that a rule stands for. provenance: where a real one was seen; "" of one that we made up."""

    reply: str
    phase: str = ""
    provenance: str = ""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reply has to have, and what it then means.

    texts: any of them, as words in a row; `` .. `` between two parts lets other words stand there.
    enhanced: codes (RFC 3463); one that ends with a dot is a family. codes: basic codes.
    digits: first digits it holds for; none named = all. phases: likewise.
    action, scope, suppress: where they differ from the category's.
    since: version of the rules that brought or last changed it.
    """

    name: str
    category: str
    texts: tuple[str, ...] = ()
    enhanced: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()
    digits: tuple[int, ...] = ()
    phases: tuple[Phase, ...] = ()
    action: Action | None = None
    scope: Scope | None = None
    suppress: bool | None = None
    since: int = 1
    examples: tuple[Example, ...]


class Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of rules, in the order in which they are asked."""

    tier: Tier
    rule: tuple[Rule, ...]


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply means.

    category, action, scope: words of ``vocabulary``. suppress: the recipient's address is not to be written to again,
    after as many such replies as the category's ``after``. rule: which rule said so, version: of which rules.
    """

    category: str
    action: Action
    scope: Scope
    suppress: bool
    rule: str
    version: int
