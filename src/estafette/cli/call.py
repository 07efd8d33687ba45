"""What every verb shares: ``--config`` and ``--json`` anywhere on the line, and the settings they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from estafette.base.errors import Fault

if TYPE_CHECKING:
    from estafette.config.load import Loaded
    from estafette.config.schema import Settings


class Usage(Fault):
    """The command line itself is wrong; exit code 2."""


@dataclass
class Call:
    """The options of this run of the program."""

    config: str | None = None
    json: bool = False

    def loaded(self) -> Loaded:
        """Return the settings with their origins; Misconfigured when they are wrong."""
        from estafette.config.load import load

        return load(self.config)

    @property
    def settings(self) -> Settings:
        """The effective settings."""
        return self.loaded().settings


call = Call()


def split(arguments: Sequence[str]) -> tuple[list[str], Call]:
    """Take the shared options out of a line, wherever they stand before ``--``."""
    rest: list[str] = []
    found = Call()
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*rest, word, *words], found
        if word == "--json":
            found.json = True
        elif word == "--config":
            found.config = next(words, None)
            if found.config is None:
                raise Usage("--config needs a file name", place="--config", fix="write --config FILE")
        elif word.startswith("--config="):
            found.config = word.removeprefix("--config=")
        else:
            rest.append(word)
    return rest, found
