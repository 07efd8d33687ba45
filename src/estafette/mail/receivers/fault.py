"""Why a report is not read."""

from __future__ import annotations

from typing import Literal

Why = Literal["too_large", "archive", "damaged", "markup", "form", "nothing"]


class Unreadable(ValueError):
    """Octets that are no report, or more of one than anybody needs.

    why: ``too_large`` unpacked, ``archive`` of a form that is refused (nested, encrypted, several files), ``damaged``
    data, ``markup`` that is not plain XML or JSON, ``form`` that lacks what a report must have, ``nothing`` like one.
    """

    def __init__(self, why: Why, words: str) -> None:
        super().__init__(words)
        self.why = why
