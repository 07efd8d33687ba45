"""One page of a list: ``?limit=&after=``, ``{"items", "next"}``."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from estafette.store.interface.page import Page

Item = TypeVar("Item")


class Listed(BaseModel, Generic[Item]):
    """A page; give ``next`` back as ``after`` to go on, null says that this is the last one."""

    items: list[Item]
    next: str | None = Field(default=None, description="Cursor of the next page")


def page(
    limit: Annotated[int, Query(ge=1, le=1000, description="Most items to return")] = 100,
    after: Annotated[str, Query(max_length=1000, description="next of the page before")] = "",
) -> Page:
    """Return the page that a request asks for."""
    return Page(limit=limit, after=after)
