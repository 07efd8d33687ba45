"""Mailbox providers: which MX hosts are theirs, and how much they bear."""

from __future__ import annotations

from importlib import resources

import msgspec

from estafette.base.errors import ConfigFault


class SiteLimits(msgspec.Struct, frozen=True):
    """What one site bears from one egress group.

    connections: at once. messages: on one connection before it is closed. rate: messages per second, 0 = no
    limit. origin: where the figures come from.
    """

    connections: int
    messages: int
    rate: float = 0.0
    origin: str = ""


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One operator of many sites; suffixes begin with a dot and are in lower case."""

    name: str
    suffixes: tuple[str, ...]
    connections: int
    messages: int
    rate: float = 0.0
    origin: str


class _Sheet(msgspec.Struct, frozen=True):
    default: SiteLimits
    provider: tuple[Provider, ...]


class Providers:
    """The table of providers; sites that it does not name get the default."""

    def __init__(self, default: SiteLimits, providers: tuple[Provider, ...]) -> None:
        self._default = default
        self._suffixes = [(suffix, each.name) for each in providers for suffix in each.suffixes]
        self._suffixes.sort(key=lambda pair: -len(pair[0]))
        self._limits = {
            each.name: SiteLimits(each.connections, each.messages, each.rate, each.origin) for each in providers
        }

    def suffixes(self) -> list[tuple[str, str]]:
        """Return (MX host suffix, provider name), the longest suffix first."""
        return list(self._suffixes)

    def name_of(self, host: str) -> str | None:
        """Return the provider of an MX host, None when no suffix matches."""
        dotted = "." + host.lower().rstrip(".")
        return next((name for suffix, name in self._suffixes if dotted.endswith(suffix)), None)

    def limits(self, site: str) -> SiteLimits:
        """Return the limits of a site by its name."""
        return self._limits.get(site, self._default)


def load(text: bytes | None = None) -> Providers:
    """Read the shipped table, or ``text`` in its form; ConfigFault when it is damaged."""
    if text is None:
        text = resources.files(__package__).joinpath("providers.toml").read_bytes()
    try:
        sheet = msgspec.toml.decode(text, type=_Sheet)
    except msgspec.DecodeError as error:
        raise ConfigFault(
            f"the table of providers cannot be read: {error}",
            place="providers.toml",
            fix="correct the named entry",
        ) from error
    return Providers(sheet.default, sheet.provider)
