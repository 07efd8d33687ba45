"""Lists that receivers refuse addresses by (DNSBL, RFC 5782), asked about our own addresses.

An answer is believed only while the list's test entries answer as they must (section 5), and only for what the list
says that it means: lists die, list the world, and refuse resolvers, and none of that is about us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

import msgspec

from estafette.base.errors import ConfigFault
from estafette.net.resolver import Resolver

_LISTED, _CLEAR = "127.0.0.2", "127.0.0.1"

State = Literal["listed", "clear", "unknown"]


class Blocklist(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One list; fields as ``blocklists.toml`` says."""

    name: str
    zone: str
    ipv6: bool
    errors: tuple[str, ...]
    removal: str
    origin: str
    meanings: dict[str, str]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What one list says of one address. said: its meaning, or why nobody can tell. removal: where it is taken out."""

    address: str
    name: str
    zone: str
    state: State
    said: str = ""
    removal: str = ""


class _Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    list: tuple[Blocklist, ...] = ()


def load(file: str = "") -> tuple[Blocklist, ...]:
    """Return the shipped lists, or those of a file in their form; ConfigFault when it cannot be read."""
    try:
        text = (
            Path(file).read_bytes() if file else resources.files(__package__).joinpath("blocklists.toml").read_bytes()
        )
        return msgspec.toml.decode(text, type=_Sheet).list
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigFault(
            f"the lists cannot be read: {error}", place="reputation.blocklists", fix="name a file in the form of "
            "src/estafette/net/blocklists.toml",
        ) from error  # fmt: skip


def question(address: str, zone: str) -> str:
    """Return the name under which a list has an address (RFC 5782 sections 2.1 and 2.4)."""
    reverse = ip_address(address).reverse_pointer
    return f"{reverse.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"


async def ask(resolver: Resolver, lists: Sequence[Blocklist], address: str) -> list[Listing]:
    """Return what every list says of an address that it can know; all are asked at once."""
    six = ":" in address
    return list(await asyncio.gather(*(_ask(resolver, each, address) for each in lists if each.ipv6 or not six)))


async def _ask(resolver: Resolver, one: Blocklist, address: str) -> Listing:
    why = await _doubt(resolver, one)
    state, said = ("unknown", why) if why else await _said(resolver, one, address)
    return Listing(
        address=address, name=one.name, zone=one.zone, state=state,  # type: ignore[arg-type]
        said=said, removal=one.removal,
    )  # fmt: skip


async def _doubt(resolver: Resolver, one: Blocklist) -> str:
    """Return why a list is not believed now, "" when its test entries are as they must be."""
    state, said = await _said(resolver, one, _LISTED)
    if state == "unknown":
        return said
    if state == "clear":
        return "its test entry is not there: it is gone, or does not answer this resolver"
    if (await _said(resolver, one, _CLEAR))[0] != "clear":
        return "it lists what no list may: it has been given up, or the resolver answers for it"
    return ""


async def _said(resolver: Resolver, one: Blocklist, address: str) -> tuple[State, str]:
    answer = await resolver.addresses(question(address, one.zone), v6=False)
    if answer.kind == "temporary":
        return "unknown", answer.detail or "no answer"
    for each in answer.addresses:
        if each.startswith(one.errors):
            return "unknown", f"it refuses this resolver ({each}): ask through one of your own"
    found = [meaning for each in answer.addresses if (meaning := _meaning(one, each))]
    if found:
        return "listed", ", ".join(found)
    if answer.addresses:
        return "unknown", f"its answer {answer.addresses[0]} has no meaning"
    return "clear", ""


def _meaning(one: Blocklist, answer: str) -> str:
    return one.meanings.get(answer) or (one.meanings.get("*", "") if answer.startswith("127.") else "")
