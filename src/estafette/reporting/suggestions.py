"""What to change next: at most three suggestions, each with the numbers it stands on. Pure.

A suggestion without evidence is not made: every rule begins with a rate whose interval it may conclude from (at least
200 in the base and 10 events), and compares what it points at with the rest by Newcombe's interval. The effect is what
the evidence allows at the most; whether it comes, only doing it tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from estafette.model.user import Language
from estafette.reporting import rates
from estafette.reporting.intervals import Interval, difference
from estafette.reporting.rates import Rate
from estafette.reporting.replies import Said
from estafette.reporting.words import words

MOST = 3

Counts = Mapping[str, int]


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a tenant's last weeks: counters in all, by provider, campaign and tag; replies by provider.

    replies: of all that was no acceptance, as far back as events are looked through.
    """

    total: Counts
    providers: Mapping[str, Counts] = {}
    campaigns: Mapping[str, Counts] = {}
    tags: Mapping[str, Counts] = {}
    deferred: Mapping[str, Sequence[Said]] = {}
    refused: Mapping[str, Sequence[Said]] = {}


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """One suggestion. rule: its name. subject: what it points at, "" = all mail. evidence: rates that are not withheld.

    effect: between which shares (of the base of the first evidence) things may change. messages: how many it concerns.
    """

    rule: str
    subject: str
    evidence: tuple[Rate, ...]
    effect: Interval
    messages: float


def suggest(material: Material, most: int = MOST) -> list[Suggestion]:
    """Return the suggestions that matter most, each rule at most once."""
    found = []
    for candidates in _RULES:
        sound = [each for each in candidates(material) if each.evidence and not any(r.withheld for r in each.evidence)]
        if sound:
            found.append(max(sound, key=lambda each: (each.messages, each.subject)))
    return sorted(found, key=lambda each: -each.messages * words().rules[each.rule].weight)[:most]


def told(suggestion: Suggestion, language: Language) -> dict[str, str]:
    """Return what a suggestion says: title, why, effect, act."""
    text = words().suggestions[language][suggestion.rule]
    first = suggestion.evidence[0]
    fields = {
        "subject": suggestion.subject or {"en": "all mail", "fr": "tout le courrier"}[language],
        "numerator": first.numerator, "denominator": first.denominator,
        "low": _percent(suggestion.effect.low, language), "high": _percent(suggestion.effect.high, language),
    }  # fmt: skip
    return {name: str(getattr(text, name)).format_map(fields) for name in text.__struct_fields__}


def _authenticate(material: Material) -> Iterator[Suggestion]:
    for provider in sorted(material.deferred.keys() | material.refused.keys()):
        said = [*material.deferred.get(provider, ()), *material.refused.get(provider, ())]
        yield from _of_replies("authenticate", provider, said, "auth_failed")


def _pace(material: Material) -> Iterator[Suggestion]:
    for provider, said in material.deferred.items():
        yield from _of_replies("pace", provider, said, "rate_limited")


def _of_replies(rule: str, provider: str, said: Sequence[Said], meaning: str) -> Iterator[Suggestion]:
    """Yield that a good part of a provider's replies say one thing."""
    count = sum(each.count for each in said if each.meaning.name == meaning)
    found = rates.made(rule, count, sum(each.count for each in said), "replies")
    if found.interval is not None and found.interval.low >= words().rules[rule].least:
        yield Suggestion(rule=rule, subject=provider, evidence=(found,), effect=found.interval, messages=count)


def _addresses(material: Material) -> Iterator[Suggestion]:
    """Yield the mailings that meet many dead addresses, and all mail when it does in all."""
    for subject, counts in [("", material.total), *_labelled(material)]:
        found = rates.rate("hard_bounce", counts)
        if not found.withheld and found.interval and found.interval.low >= words().rules["addresses"].least:
            yield Suggestion(
                rule="addresses", subject=subject, evidence=(found,), effect=found.interval,
                # All mail is named only when no mailing has most of it.
                messages=found.numerator * (1.0 if subject else 0.5),
            )  # fmt: skip


def _complaints(material: Material) -> Iterator[Suggestion]:
    for subject, counts in _labelled(material):
        found, rest = _against_rest("complaint", counts, material.total)
        if rest is None or found.withheld or found.numerator < words().rules["complaints"].least * found.denominator:
            continue
        apart = difference((found.numerator, found.denominator), (rest.numerator, rest.denominator))
        if apart.low > 0:
            yield Suggestion(
                rule="complaints", subject=subject, evidence=(found,), effect=apart, messages=found.numerator
            )  # fmt: skip


def _provider_gap(material: Material) -> Iterator[Suggestion]:
    for provider, counts in material.providers.items():
        found, rest = _against_rest("click", counts, material.total)
        if rest is None or found.withheld or rest.withheld:
            continue
        apart = difference((rest.numerator, rest.denominator), (found.numerator, found.denominator))
        share = (rest.value or 0.0) * words().rules["provider_gap"].least
        if apart.low > 0 and (found.value or 0.0) < share:
            yield Suggestion(
                rule="provider_gap", subject=provider, evidence=(found, rest), effect=apart,
                messages=found.denominator * apart.low,
            )  # fmt: skip


def _machine_opens(material: Material) -> Iterator[Suggestion]:
    found = rates.rate("machine_opens", material.total)
    if not found.withheld and found.interval and found.interval.low >= words().rules["machine_opens"].least:
        yield Suggestion(
            rule="machine_opens", subject="", evidence=(found,), effect=found.interval, messages=found.numerator
        )  # fmt: skip


def _labelled(material: Material) -> list[tuple[str, Counts]]:
    return [(name, counts) for part in (material.campaigns, material.tags) for name, counts in part.items() if name]


def _against_rest(name: str, counts: Counts, total: Counts) -> tuple[Rate, Rate | None]:
    """Return a rate of a part and of all else; None for the rest when the part is all there is, or more."""
    found, whole = rates.rate(name, counts), rates.rate(name, total)
    events, base = whole.numerator - found.numerator, whole.denominator - found.denominator
    if base <= 0 or not 0 <= events <= base:
        return found, None
    return found, rates.made(name, events, base, found.of)


def _percent(share: float, language: Language) -> str:
    text = f"{share * 100:.1f}" if share < 0.1 else f"{share * 100:.0f}"
    return text.replace(".", ",") if language == "fr" else text


_RULES: Sequence[Callable[[Material], Iterator[Suggestion]]] = (
    _authenticate, _complaints, _addresses, _pace, _provider_gap, _machine_opens,
)  # fmt: skip
