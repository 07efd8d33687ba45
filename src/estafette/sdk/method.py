"""Methods of the clients, made of the descriptions of calls: each is written once and is there in both clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import wraps
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from estafette.sdk.call import Call, Walk

P = ParamSpec("P")
T = TypeVar("T")


class Line(Protocol):
    """What makes calls, and waits for their answers."""

    def perform(self, call: Call[T]) -> T:
        """Make a call; SdkError."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait."""
        ...


class AsyncLine(Protocol):
    """The same for asyncio."""

    async def perform(self, call: Call[T]) -> T:
        """Make a call; SdkError."""
        ...

    async def pause(self, seconds: float) -> None:
        """Wait."""
        ...


class Group:
    """Methods about one resource."""

    def __init__(self, line: Line) -> None:
        self.line = line


class AsyncGroup:
    """Methods about one resource, to be awaited."""

    def __init__(self, line: AsyncLine) -> None:
        self.line = line


class Method(Generic[P, T]):
    """A method that makes one call."""

    def __init__(self, describe: Callable[P, Call[T]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    def __get__(self, group: Group, owner: type[Any]) -> Callable[P, T]:
        """Return the method of a group."""

        @wraps(self._describe)
        def made(*args: P.args, **named: P.kwargs) -> T:
            return group.line.perform(self._describe(*args, **named))

        return made


class AsyncMethod(Generic[P, T]):
    """A method that makes one call and is awaited."""

    def __init__(self, describe: Callable[P, Call[T]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    def __get__(self, group: AsyncGroup, owner: type[Any]) -> Callable[P, Awaitable[T]]:
        """Return the method of a group."""

        @wraps(self._describe)
        async def made(*args: P.args, **named: P.kwargs) -> T:
            return await group.line.perform(self._describe(*args, **named))

        return made


class Listing(Generic[P, T]):
    """A method that goes through a list."""

    def __init__(self, describe: Callable[P, Walk[T]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    def __get__(self, group: Group, owner: type[Any]) -> Callable[P, Iterator[T]]:
        """Return the method of a group."""

        @wraps(self._describe)
        def made(*args: P.args, **named: P.kwargs) -> Iterator[T]:
            walk = self._describe(*args, **named)
            after: str | None = walk.after
            while after is not None:
                page = group.line.perform(walk.page(after))
                yield from page.items
                after, pause = walk.beyond(page, after)
                group.line.pause(pause)

        return made


class AsyncListing(Generic[P, T]):
    """A method that goes through a list with ``async for``."""

    def __init__(self, describe: Callable[P, Walk[T]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    def __get__(self, group: AsyncGroup, owner: type[Any]) -> Callable[P, AsyncIterator[T]]:
        """Return the method of a group."""

        @wraps(self._describe)
        async def made(*args: P.args, **named: P.kwargs) -> AsyncIterator[T]:
            walk = self._describe(*args, **named)
            after: str | None = walk.after
            while after is not None:
                page = await group.line.perform(walk.page(after))
                for item in page.items:
                    yield item
                after, pause = walk.beyond(page, after)
                await group.line.pause(pause)

        return made
