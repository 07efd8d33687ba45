"""Values as templates see them: nothing of Python shows, and nothing can be changed."""

from __future__ import annotations

from typing import Any, NoReturn


class _Hidden:
    """A method of Python that templates take for a missing value."""

    def __get__(self, instance: object, owner: type) -> NoReturn:
        raise AttributeError


class Fields(dict[str, Any]):
    """An object of JSON; ``items``, ``keys`` and ``values`` are lists, so that they are told the same every time."""

    __slots__ = ()

    def items(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        """Return pairs in order."""
        return list(dict.items(self))

    def keys(self) -> list[str]:  # type: ignore[override]
        """Return names in order."""
        return list(dict.keys(self))

    def values(self) -> list[Any]:  # type: ignore[override]
        """Return values in order."""
        return list(dict.values(self))


class Items(tuple[Any, ...]):
    """A list of JSON."""

    __slots__ = ()


_KEPT = {"items", "keys", "values"}
for _kind in (Fields, Items):
    for _name in dir(_kind.__bases__[0]):
        if not _name.startswith("_") and _name not in _KEPT:
            setattr(_kind, _name, _Hidden())


def shown(value: Any) -> Any:
    """Return a value of JSON as templates see it."""
    if isinstance(value, dict):
        return Fields({name: shown(inner) for name, inner in value.items()})
    if isinstance(value, (list, tuple)):
        return Items(map(shown, value))
    return value
