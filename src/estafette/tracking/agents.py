"""What a program says of itself: which family it belongs to, and whether a machine speaks."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Literal

import msgspec

from estafette.base.errors import ConfigFault
from estafette.model.tracking import Agent

Scope = Literal["all", "opens", "clicks"]
Certainty = Literal["certain", "probable"]

#: Different User-Agents whose verdict is remembered; hostile variety only costs the look-up again.
REMEMBERED = 4_096
#: A User-Agent is looked at no further.
LONGEST = 300


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a program. family: "" untold. agent: "" when people use it.

    scope, certainty: on which hits ``agent`` says something, and whether it decides alone.
    """

    family: str = ""
    agent: Agent | Literal[""] = ""
    scope: Scope = "all"
    certainty: Certainty = "certain"

    def says(self, kind: str) -> bool:
        """Whether ``agent`` says something of an ``opened`` or a ``clicked``."""
        return bool(self.agent) and within(self.scope, kind)


class _Entry(Program, frozen=True, kw_only=True):
    contains: tuple[str, ...] = ()
    whole: str = ""
    without: tuple[str, ...] = ()
    source: str

    def matches(self, text: str, lower: str) -> bool:
        """Whether a User-Agent is this program's; ``lower`` is ``text`` in small letters."""
        if self.whole:
            return text == self.whole
        return any(part.lower() in lower for part in self.contains) and not any(
            part.lower() in lower for part in self.without
        )


class _Sheet(msgspec.Struct, frozen=True):
    program: tuple[_Entry, ...]


#: Says nothing of itself, or nothing that a browser would say. Mail programs with odd names load images, so that a
#: strange name is a sign on clicks only.
SILENT = Program(agent="scanner", certainty="probable")
ODD = Program(agent="scanner", certainty="probable", scope="clicks")
BROWSER = Program(family="browser")


class Programs:
    """The table of programs."""

    def __init__(self, entries: tuple[_Entry, ...]) -> None:
        self._entries = entries
        self.of = lru_cache(REMEMBERED)(self._of)

    def _of(self, agent: str) -> Program:
        """Return what a User-Agent (hostile text) is known as."""
        text = agent[:LONGEST].strip()
        if not text:
            return SILENT
        lower = text.lower()
        found = next((each for each in self._entries if each.matches(text, lower)), None)
        if found is not None:
            return found
        return BROWSER if lower.startswith("mozilla/") and lower != "mozilla/5.0" else ODD


def within(scope: Scope, kind: str) -> bool:
    """Whether a scope takes in ``opened`` or ``clicked``."""
    return scope == "all" or (scope == "opens") == (kind == "opened")


def load(text: bytes | None = None) -> Programs:
    """Read the shipped table, or ``text`` in its form; ConfigFault when it is damaged."""
    if text is None:
        text = resources.files(__package__).joinpath("agents.toml").read_bytes()
    try:
        return Programs(msgspec.toml.decode(text, type=_Sheet).program)
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigFault(
            f"the table of programs cannot be read: {error}", place="agents.toml", fix="correct the named entry"
        ) from error
