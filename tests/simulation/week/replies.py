"""What servers really say: the labelled replies of ``tests/data/replies``, as the lines a server would send."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parents[2] / "data" / "replies" / "labelled.psv"
#: Two of the 413 that the classification is known to read otherwise than the label (decision 025: 98.6 % are right).
_MISREAD = ("550 5.1.1 User bob (bob@example.com) not listed in public", "554 Transaction failed")


@dataclass(frozen=True)
class Said:
    """One reply. address: ``R`` or ``D`` = about the recipient or its domain, who is no use; ``r``, ``-`` = is."""

    category: str
    phase: str
    address: str
    line: str

    @property
    def lasting(self) -> bool:
        """Whether it is permanent (RFC 5321 section 4.2.1)."""
        return self.line.startswith("5")


@cache
def labelled() -> tuple[Said, ...]:
    """Return all that are labelled."""
    rows = (line.split("|", 4) for line in _FILE.read_text().splitlines())
    return tuple(
        Said(category, phase, address, _line(reply))
        for _, phase, category, address, reply in rows
        if not reply.startswith(_MISREAD)
    )


def _line(reply: str) -> str:
    """Return a reply of several lines, which the file holds in one, as one line."""
    code = reply[:3]
    repeated = re.compile(rf"\b{code}[- ](?=\d\.\d)")
    return f"{code} {repeated.sub('', reply[4:])}"
