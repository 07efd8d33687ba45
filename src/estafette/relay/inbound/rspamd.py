"""What rspamd says of a message (its ``/checkv2``), in our words."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Literal, cast

import msgspec

from estafette.mail.authentication_results import Finding

Action = Literal["pass", "mark", "later", "reject"]
#: Results of one method that are told; a message may bear many signatures.
_MOST = 10


class _Symbol(msgspec.Struct):
    options: list[str] = []


class _Said(msgspec.Struct):
    action: str
    score: float = 0.0
    required_score: float = 0.0
    symbols: dict[str, _Symbol] = {}


class Opinion(msgspec.Struct, frozen=True):
    """What is to be done with a message, and what was found out about its sender. required: score of spam."""

    action: Action
    score: float
    required: float
    findings: tuple[Finding, ...]


def read_opinion(octets: bytes, *, sender: str, header_from: str) -> Opinion:
    """Read an answer; ValueError when it is none. sender: envelope sender, header_from: domain of From."""
    said = _decode(octets)
    action = cast("Action", _table()["actions"].get(said.action, "pass"))
    findings = (*_spf(said, sender), *_dkim(said), *_dmarc(said, header_from))
    return Opinion(action, said.score, said.required_score, findings)


_decode = msgspec.json.Decoder(_Said).decode


def _found(said: _Said, method: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (result, options) of each symbol of a method."""
    for name, result in _table()[method].items():
        if name in said.symbols:
            yield result, said.symbols[name].options


def _spf(said: _Said, sender: str) -> Iterator[Finding]:
    for result, _ in _found(said, "spf"):
        yield Finding("spf", result, (("smtp.mailfrom", sender),) if sender else ())


def _dkim(said: _Said) -> Iterator[Finding]:
    """The options are the signatures with this result, as ``DOMAIN:s=SELECTOR``."""
    for result, options in _found(said, "dkim"):
        if not options:
            yield Finding("dkim", result)
        for option in options[:_MOST]:
            domain, _, selector = option.partition(":s=")
            yield Finding("dkim", result, (("header.d", domain), *((("header.s", selector),) if selector else ())))


def _dmarc(said: _Said, header_from: str) -> Iterator[Finding]:
    for result, _ in _found(said, "dmarc"):
        yield Finding("dmarc", result, (("header.from", header_from),) if header_from else ())


@functools.cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files(__package__).joinpath("rspamd.toml").read_text(encoding="utf-8"))
