"""``estafette classify``: what a server's reply means, by the rules that the service itself goes by."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from estafette.cli.call import Usage
from estafette.smtp.classification import Classification, classify
from estafette.smtp.classification.wording import LONGEST
from estafette.smtp.classification.written import written

Phase = Literal["connect", "ehlo", "mail", "rcpt", "data"]


def explain(*reply: Annotated[str, Parameter(allow_leading_hyphen=True)], phase: Phase | None = None) -> None:
    """Print what a reply means as JSON: category, action, scope, suppress, rule. Needs no service and no store.

    Parameters
    ----------
    reply
        The reply as it was said, such as "550 5.1.1 user unknown"; - reads one a line and prints a JSON line each.
    phase
        What the server answered to; before rcpt nothing is ever about a recipient.
    """
    if not reply:
        raise Usage("no reply was given", place="REPLY", fix="write it in quotes, or - for one a line on stdin")
    for line in _lines() if reply == ("-",) else (" ".join(reply),):
        said = written(line)
        print(msgspec.json.encode(_shown(classify(said.code, said.enhanced, said.text, phase or ""))).decode())


def _lines() -> Iterator[str]:
    """Yield what stands on stdin by lines, each cut to what is looked at, so that one without an end fits in memory."""
    stream = sys.stdin.buffer
    while line := stream.readline(4 * LONGEST):
        yield line.decode("utf-8", "replace").rstrip("\r\n")
        while line and not line.endswith(b"\n"):
            line = stream.readline(4 * LONGEST)


def _shown(found: Classification) -> dict[str, Any]:
    return {
        "category": found.category,
        "action": found.action,
        "scope": found.scope,
        "suppress": found.suppress,
        "rule": found.rule,
    }
