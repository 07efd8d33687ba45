"""The rules in force: read once, checked, asked tier by tier."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from typing import TypeVar

import msgspec

from estafette.smtp.classification.phrases import Phrases
from estafette.smtp.classification.rule import Classification, Rule, Sheet
from estafette.smtp.classification.vocabulary import vocabulary
from estafette.smtp.classification.wording import spoken

K = TypeVar("K")
#: Version of the rules shipped here; goes up whenever one of them changes, and is written beside what they said.
VERSION = 1
FILES = ("providers.toml", "generic.toml", "codes.toml", "basic.toml", "digits.toml")
#: What is said before a recipient was named is never about one.
_EARLY = frozenset({"connect", "ehlo", "mail"})
_PHASES = {
    "connect": "connect", "greeting": "connect", "ehlo": "ehlo", "helo": "ehlo", "starttls": "ehlo", "auth": "ehlo",
    "mail": "mail", "rcpt": "rcpt", "data": "data", "dot": "data",
}  # fmt: skip


class RuleBook:
    """A set of rules, in the order of ``sheets`` and within each in the order of the file."""

    def __init__(self, sheets: Sequence[Sheet], version: int) -> None:
        self.version = version
        self.rules: tuple[tuple[str, Rule], ...] = tuple((sheet.tier, rule) for sheet in sheets for rule in sheet.rule)
        self._texts = [self._phrases(sheet) for sheet in sheets if sheet.tier in ("provider", "generic")]
        self._enhanced = _index((code, rule) for rule in _of(sheets, "enhanced") for code in rule.enhanced)
        self._basic = _index((code, rule) for rule in _of(sheets, "basic") for code in rule.codes)
        self._digits = _index((digit, rule) for rule in _of(sheets, "digit") for digit in rule.digits)

    def classify(self, code: int, enhanced: str, text: str, phase: str) -> Classification:
        """Return what a reply means. code: 0 when none is known (the enhanced one's class then stands for it).

        enhanced: ``x.y.z`` or "". text: whatever a stranger wrote. phase: what the reply was to (``connect``,
        ``ehlo``, ``mail``, ``rcpt``, ``data``, or a finer name of ``model.outcome``); "" when nobody knows.
        """
        digit = code // 100 if 200 <= code < 600 else int(enhanced[:1]) if enhanced[:1] in ("2", "4", "5") else 0
        when = _PHASES.get(phase, "")
        for rule in self._candidates(code, enhanced, text, digit):
            if _holds(rule, digit, when):
                return self._conclusion(rule, digit)
        return Classification(
            category="unknown", action="deliver_again", scope="message", suppress=False, rule="none",
            version=self.version,
        )  # fmt: skip

    def _candidates(self, code: int, enhanced: str, text: str, digit: int) -> Iterator[Rule]:
        words = spoken(text)
        for phrases, rules in self._texts:
            for place in sorted(set(phrases.found(words))):
                yield rules[place]
        yield from self._enhanced.get(enhanced, ())
        yield from self._enhanced.get(f"{enhanced.rpartition('.')[0]}.", ())
        yield from self._basic.get(code, ())
        yield from self._digits.get(digit, ())

    def _conclusion(self, rule: Rule, digit: int) -> Classification:
        """Say what a rule concludes; a 4yz reply ends nothing and suppresses nobody."""
        category = vocabulary()[rule.category]
        action, suppress = rule.action or category.action, category.suppress if rule.suppress is None else rule.suppress
        if digit == 4:
            action, suppress = "deliver_again" if action == "fail" else action, False
        return Classification(
            category=rule.category, action=action, scope=rule.scope or category.scope, suppress=suppress,
            rule=rule.name, version=self.version,
        )  # fmt: skip

    @staticmethod
    def _phrases(sheet: Sheet) -> tuple[Phrases[int], tuple[Rule, ...]]:
        return Phrases((text, place) for place, rule in enumerate(sheet.rule) for text in rule.texts), sheet.rule


def _of(sheets: Sequence[Sheet], tier: str) -> Iterator[Rule]:
    return (rule for sheet in sheets if sheet.tier == tier for rule in sheet.rule)


def _index(pairs: Iterable[tuple[K, Rule]]) -> dict[K, list[Rule]]:
    index: dict[K, list[Rule]] = {}
    for key, rule in pairs:
        index.setdefault(key, []).append(rule)
    return index


def _holds(rule: Rule, digit: int, phase: str) -> bool:
    if rule.digits and digit not in rule.digits:
        return False
    if rule.phases and phase not in rule.phases:
        return False
    if phase not in _EARLY:
        return True
    category = vocabulary()[rule.category]
    suppress = category.suppress if rule.suppress is None else rule.suppress
    return not suppress and (rule.scope or category.scope) != "recipient"


def read(texts: Sequence[str], version: int) -> RuleBook:
    """Return the rules that texts in TOML hold; ValueError when one of them is none, or names what does not exist."""
    book = RuleBook([msgspec.convert(tomllib.loads(text), Sheet) for text in texts], version)
    names = [rule.name for _, rule in book.rules]
    wrong = [name for name in names if names.count(name) > 1] + [
        rule.category for _, rule in book.rules if rule.category not in vocabulary()
    ]
    if wrong:
        raise ValueError(f"rules that stand twice or conclude what does not exist: {', '.join(sorted(set(wrong)))}")
    return book


@cache
def shipped() -> RuleBook:
    """Return the rules of this release."""
    folder = resources.files(__package__)
    return read([folder.joinpath(name).read_text("utf-8") for name in FILES], VERSION)
