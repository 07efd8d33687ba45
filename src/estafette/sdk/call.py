"""One request, described: what is asked and how the answer is read. Who sends it, and how, is no part of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx

from estafette.sdk.answers import Page, Told
from estafette.sdk.errors import Unreadable, refused

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """A request of the API.

    body: JSON, None for none. repeatable: asking twice does what asking once does, so that a call whose answer was lost
    is made again.
    """

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True

    def result(self, response: httpx.Response) -> T:
        """Return what an answer says. Refused when it is a no, Unreadable when it is no answer of this API."""
        if not response.is_success:
            raise refused(response)
        try:
            return self.read(response)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            detail = f"{response.status_code} of {self.method} {self.path} is no answer of Estafette: {error!r}"
            raise Unreadable(detail) from error


@dataclass(frozen=True, kw_only=True)
class Walk(Generic[T]):
    """A list, page after page. after: where to begin. every: seconds between looks at its end, None = end there."""

    page: Callable[[str], Call[Page[T]]]
    after: str = ""
    every: float | None = None

    def beyond(self, page: Page[T], after: str) -> tuple[str | None, float]:
        """Return where the page after this one begins, None at the end, and the seconds to wait before it.

        after: where this one began.
        """
        if page.next:
            return page.next, 0.0
        return (None, 0.0) if self.every is None else (page.last or after, self.every)


def json_of(read: Callable[[Told], T]) -> Callable[[httpx.Response], T]:
    """Return a reader of answers that are JSON objects."""
    return lambda response: read(response.json())


def page_of(item: Callable[[Told], T]) -> Callable[[httpx.Response], Page[T]]:
    """Return a reader of pages."""
    return lambda response: Page.of(response.json(), item)


def place(*words: str) -> str:
    """Return a path; what a caller names never becomes another path. ValueError for a name that is empty."""
    if not all(words):
        raise ValueError("an id or name is empty")
    return "/v1/" + "/".join(quote(word, safe="") for word in words)
