"""What one check of ``doctor`` found."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["good", "warning", "wrong"]


class Finding(NamedTuple):
    """One line of ``doctor``. "wrong" stops mail or loses it, "warning" makes it unwelcome elsewhere."""

    check: str
    state: State
    cause: str
    fix: str = ""
