"""Say what each setting means, what it is now and where it came from; secrets stay masked."""

from __future__ import annotations

import functools
import json
import re
import tomllib
import typing
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from estafette.config.load import Loaded
from estafette.config.schema import Settings

_URL_PASSWORD = re.compile(r"(?<=:)[^:/@]+(?=@)")


class Line(NamedTuple):
    """One setting as it is in force; ``origin`` is "default", a file or a variable."""

    key: str
    value: Any
    origin: str


def explain(loaded: Loaded) -> list[Line]:
    """Return every effective setting with its origin, secrets masked."""
    values = loaded.settings.model_dump(mode="json")
    return [Line(key, shown(key, value), _origin(key, loaded)) for key, value in _flat(values)]


def shown(key: str, value: Any) -> Any:
    """Return a value fit for a screen: passwords masked, listeners as they are written."""
    if isinstance(value, list) and key.startswith(("listen.", "dns.servers")):
        return [_address(item) for item in value]
    if not isinstance(value, str) or not value:
        return value
    if key.endswith(("password", "client_secret")):
        return "***"
    return _URL_PASSWORD.sub("***", value) if "://" in value else value


def describe(path: tuple[str, ...]) -> tuple[str, str]:
    """Return (meaning, default) of a setting; two empty strings when there is none."""
    for row in reference():
        if row[0].split(".") == [*path] or _matches(row[0], path):
            return row[2], row[3]
    return "", ""


def reference() -> Iterator[tuple[str, str, str, str]]:
    """Every setting as (key, type, meaning, default), in the schema's order; NAME stands for a free name."""
    yield from _reference(Settings, "")


def keys_of(path: Sequence[str]) -> list[str]:
    """Return the names known inside a section."""
    model: Any = Settings
    for part in path:
        model = (
            _inner(model.model_fields[part].annotation) if _is_model(model) and part in model.model_fields else model
        )
    return list(model.model_fields) if _is_model(model) else []


def _reference(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in model.model_fields.items():
        inner = _inner(field.annotation)
        free = ".NAME" if typing.get_origin(field.annotation) is dict else ""
        if _is_model(inner):
            yield from _reference(inner, f"{prefix}{name}{free}.")
        else:
            key = f"{prefix}{name}{free}"
            yield key, _kind(field.annotation), field.description or "", _written(key, field.default)


def _kind(annotation: Any) -> str:
    origin = typing.get_origin(annotation)
    if origin is list:
        return "list"
    if origin is dict:
        return "table"
    return {int: "number", float: "number", bool: "true or false", str: "text"}.get(annotation, "text")


def _written(key: str, default: Any) -> str:
    """A default in the words of a settings file: ``5d``, not 432000."""
    node: Any = _defaults()
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    if node is None:
        node = default
    return "" if node in ("", {}, PydanticUndefined) else json.dumps(node)


@functools.cache
def _defaults() -> dict[str, Any]:
    text = resources.files("estafette.config").joinpath("defaults.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _address(item: Any) -> Any:
    if isinstance(item, list | tuple) and len(item) == 2:
        host, port = item
        return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    return item


def _matches(key: str, path: tuple[str, ...]) -> bool:
    parts = key.split(".")
    return len(parts) == len(path) and all(a in ("NAME", b) for a, b in zip(parts, path, strict=True))


def _inner(annotation: Any) -> Any:
    arguments = typing.get_args(annotation)
    return arguments[-1] if typing.get_origin(annotation) in {list, dict} else annotation


def _is_model(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, BaseModel)


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for index, item in enumerate(value):
                yield from _flat(item, f"{prefix}{key}.{index}.")
        else:
            yield f"{prefix}{key}", value


def _origin(key: str, loaded: Loaded) -> str:
    while key:
        if key in loaded.origins:
            return loaded.origins[key]
        key = key.rpartition(".")[0]
    return "default"
