"""What a service says when it says no: a problem document (RFC 9457), as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One thing that is wrong with a request.

    index: place of the message in a batch, from 0; None when the request is no batch. field: such as ``to.3``, "" when
    it is about the whole. rule: machine name of what it breaks. detail: for people. fix: what to do about it.
    """

    field: str
    rule: str
    detail: str
    fix: str
    index: int | None = None


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a request, or a part of one, was not done.

    status: of HTTP. code: machine name of the rule that said no. detail: for people. fix: what to do about it.
    field: what it is about, "" when it is about the whole. errors: everything that is wrong, when it is several things.
    retry_after: seconds after which the same may succeed, None when it was not said.
    """

    status: int
    code: str
    detail: str
    fix: str = ""
    field: str = ""
    errors: tuple[Mistake, ...] = ()
    retry_after: float | None = None

    @property
    def index(self) -> int | None:
        """Return the place in a batch of the first message that is wrong; None when the request is no batch."""
        return self.errors[0].index if self.errors else None

    @property
    def rule(self) -> str:
        """Return the rule that the first mistake breaks, else the problem's code."""
        return self.errors[0].rule if self.errors else self.code


def read_problem(told: Mapping[str, Any], retry_after: float | None = None) -> Problem:
    """Read a problem document. KeyError, TypeError or ValueError when it is none."""
    return Problem(
        status=int(told["status"]),
        code=str(told["code"]),
        detail=str(told["detail"]),
        fix=str(told.get("fix", "")),
        field=str(told.get("field", "")),
        errors=tuple(_mistake(each) for each in told.get("errors") or ()),
        retry_after=retry_after,
    )


def _mistake(told: Mapping[str, Any]) -> Mistake:
    index = told.get("index")
    words = {name: str(told.get(name, "")) for name in ("field", "rule", "detail", "fix")}
    return Mistake(index=None if index is None else int(index), **words)
