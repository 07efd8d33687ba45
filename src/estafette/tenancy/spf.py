"""SPF (RFC 7208): what a policy costs in look-ups, and how ours joins it."""

from __future__ import annotations

import msgspec

from estafette.tenancy.published import Names

#: RFC 7208 section 4.6.4: beyond these, receivers take the policy as broken.
LOOKUPS = 10
VOID_LOOKUPS = 2
_COSTLY = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})


class Cost(msgspec.Struct):
    """What a policy makes a receiver ask. broken: what it cannot read, in words, "" when all is well."""

    lookups: int = 0
    void: int = 0
    broken: str = ""


def policies(values: tuple[str, ...]) -> list[str]:
    """Return the SPF records among TXT values (section 4.5); two of them are none."""
    return [value for value in values if value.lower() == "v=spf1" or value.lower().startswith("v=spf1 ")]


def allows(policy: str, mechanism: str) -> bool:
    """Return whether a policy names a mechanism, such as ``a:mx1.example.net``."""
    return mechanism.lower() in [term.lstrip("+").lower() for term in policy.split()[1:]]


def joined(policy: str, mechanism: str) -> str:
    """Return a policy with a mechanism added where it counts: before ``all`` and ``redirect``."""
    terms = policy.split()
    place = next((at for at, term in enumerate(terms) if _name(term) in {"all", "redirect"}), len(terms))
    return " ".join([*terms[:place], mechanism, *terms[place:]])


async def cost(policy: str, names: Names) -> Cost:
    """Return what a receiver must ask to judge a policy, included ones too."""
    found = Cost()
    await _count(policy, names, found, 0)
    return found


async def _count(policy: str, names: Names, found: Cost, depth: int) -> None:
    for term in policy.split()[1:]:
        name = _name(term)
        if name not in _COSTLY:
            continue
        found.lookups += 1
        if found.lookups > LOOKUPS * 2 or depth > LOOKUPS:
            return
        if name in {"include", "redirect"}:
            target = term.partition("=" if name == "redirect" else ":")[2]
            if "%" not in target:
                await _follow(target, names, found, depth)


async def _follow(target: str, names: Names, found: Cost, depth: int) -> None:
    inner = policies((await names.look(target, "TXT")).values)
    if len(inner) == 1:
        await _count(inner[0], names, found, depth + 1)
        return
    found.void += not inner
    found.broken = f"{target[:100]} has {len(inner) or 'no'} SPF record{'s' if len(inner) > 1 else ''}"


def _name(term: str) -> str:
    word = term.lstrip("+-~?").lower()
    for mark in (":", "=", "/"):
        word = word.partition(mark)[0]
    return word
