"""Security gateways, known by the site that took the message."""

from __future__ import annotations

from importlib import resources

import msgspec

from estafette.base.errors import ConfigFault


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """One operator of scanners; suffixes of MX hosts begin with a dot and are in lower case."""

    name: str
    sites: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    source: str


class _Sheet(msgspec.Struct, frozen=True):
    gateway: tuple[Gateway, ...]


class Gateways:
    """The table of gateways."""

    def __init__(self, gateways: tuple[Gateway, ...]) -> None:
        self._sites = {site: each.name for each in gateways for site in each.sites}
        self._suffixes = [(suffix, each.name) for each in gateways for suffix in each.suffixes]

    def of(self, site: str) -> str:
        """Return whose gateway a site is, "" for nobody's. site: a provider's name, or MX hosts joined by commas."""
        named = self._sites.get(site)
        if named is not None:
            return named
        for host in site.lower().split(","):
            for suffix, name in self._suffixes:
                if f".{host}".endswith(suffix):
                    return name
        return ""


def load(text: bytes | None = None) -> Gateways:
    """Read the shipped table, or ``text`` in its form; ConfigFault when it is damaged."""
    if text is None:
        text = resources.files(__package__).joinpath("gateways.toml").read_bytes()
    try:
        return Gateways(msgspec.toml.decode(text, type=_Sheet).gateway)
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigFault(
            f"the table of gateways cannot be read: {error}", place="gateways.toml", fix="correct the named entry"
        ) from error
