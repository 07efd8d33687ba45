"""What a machine's own programs call people: names without a domain, and ``/etc/aliases``."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ALIASES = Path("/etc/aliases")
MAILNAME = Path("/etc/mailname")
#: Aliases of aliases that are followed.
_DEEPEST = 10


@dataclass(frozen=True)
class LocalNames:
    """domain: completes a name that has none. aliases: a name in small letters -> who is meant."""

    domain: str
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def complete(self, address: str) -> str:
        """Return an address with a domain; "" stays, it is the sender of notices."""
        return address if "@" in address or not address else f"{address}@{self.domain}"

    def expand(self, address: str, depth: int = 0) -> list[str]:
        """Return whom an address means, by the aliases; each with a domain."""
        meant = self.aliases.get(address.lower(), ()) if depth < _DEEPEST else ()
        if not meant:
            return [self.complete(address)]
        return [found for each in meant for found in (self.expand(each, depth + 1) if each != address else [])]


def local_names() -> LocalNames:
    """Read the machine's own; a file that is not there says nothing."""
    name = next(iter(_read(MAILNAME).split()), "")
    return LocalNames(name or socket.getfqdn(), read_aliases(_read(ALIASES)))


def read_aliases(text: str) -> dict[str, tuple[str, ...]]:
    """Read aliases(5): ``name: address, address``. Programs, files and lists in files are passed over."""
    found = {}
    for line in _joined(text):
        name, colon, rest = line.partition(":")
        targets = tuple(
            each for word in rest.split(",") if (each := word.strip().strip('"')) and each[0] not in "|/:\\"
        )
        if colon and targets:
            found[name.strip().strip('"').lower()] = targets
    return found


def _joined(text: str) -> Iterator[str]:
    """Yield logical lines: one that begins with a blank goes on the line before."""
    line = ""
    for each in text.splitlines():
        if each.startswith("#"):
            continue
        if each[:1] in {" ", "\t"}:
            line += each
            continue
        yield line
        line = each
    yield line


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
