"""The layers of settings: TOML file, then ``ESTAFETTE_SECTION__KEY``, each value with its origin."""

from __future__ import annotations

import json
import tomllib
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from estafette.base.errors import ConfigFault
from estafette.config.schema import Settings

PREFIX = "ESTAFETTE_"
_SECRET_LIMIT = 65_536
Path_ = tuple[str, ...]


class Layered:
    """A tree of raw values with, for each leaf, where it came from, and the faults met on the way."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.faults: list[ConfigFault] = []

    def put(self, path: Path_, value: Any, origin: str) -> None:
        """Set one value; a table is merged key by key, anything else replaces."""
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                self.put((*path, key), inner, origin)
            return
        node = self.tree
        for key in path[:-1]:
            node = node.setdefault(key, {})
            if not isinstance(node, dict):
                self.fault(".".join(path), f"{key} is a value, not a section", "remove one of the two")
                return
        node[path[-1]] = value
        self.origins[".".join(path)] = origin

    def fault(self, key: str, cause: str, fix: str) -> None:
        """Note a fault of the setting ``key``."""
        self.faults.append(ConfigFault(cause, place=key, fix=fix))


def read_file(layers: Layered, file: Path) -> None:
    """Add a TOML file; ``<name>_file`` for a text setting ``<name>`` is read from that file."""
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        layers.fault(str(file), f"the file cannot be read: {error.strerror}", "check the path and its permissions")
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        layers.fault(str(file), f"the file is not TOML: {error}", "correct that line")
        return
    for path, value in _leaves(tree):
        secret = _secret_key(path)
        if secret is None:
            layers.put(path, value, str(file))
        else:
            _read_secret(layers, secret, file.parent / str(value))


def read_environment(layers: Layered, environ: Mapping[str, str]) -> None:
    """Add ``ESTAFETTE_SECTION__KEY`` variables; lists and tables are JSON, ``..._FILE`` names a file."""
    for name in sorted(environ):
        path = _variable_path(name)
        if path is None:
            continue
        secret = _secret_key(path)
        if secret is not None:
            _read_secret(layers, secret, Path(environ[name]))
        else:
            _put_variable(layers, path, environ[name], name)


def _variable_path(name: str) -> Path_ | None:
    """Return the setting that a variable names; None for variables that are no settings."""
    if not name.startswith(PREFIX):
        return None
    path = tuple(name[len(PREFIX) :].lower().split("__"))
    if len(path) == 1 and path[0] not in Settings.model_fields:
        return None
    return path


def _put_variable(layers: Layered, path: Path_, text: str, name: str) -> None:
    annotation = field_type(path)
    structured = typing.get_origin(annotation) in {list, dict} or len(path) == 1
    if not structured:
        layers.put(path, text, name)
        return
    try:
        layers.put(path, json.loads(text), name)
    except ValueError:
        layers.fault(".".join(path), f"{name} is not JSON", 'write lists as JSON, such as ["0.0.0.0:587"]')


def _secret_key(path: Path_) -> Path_ | None:
    """Return the text setting whose value ``path`` points to, None when ``path`` is a setting itself."""
    if not path[-1].endswith("_file") or field_type(path) is not None:
        return None
    target = (*path[:-1], path[-1].removesuffix("_file"))
    return target if field_type(target) is str else None


def _read_secret(layers: Layered, path: Path_, file: Path) -> None:
    try:
        text = file.read_bytes()[:_SECRET_LIMIT].decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        layers.fault(".".join(path), f"its file {file} cannot be read: {error}", "create it, readable by the service")
        return
    layers.put(path, text, f"file {file}")


def _leaves(tree: Mapping[str, Any], path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def field_type(path: Path_) -> Any:
    """Return the declared type of a setting, None when there is none of that name."""
    current: Any = Settings
    for key in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(key)
            if field is None:
                return None
            current = field.annotation
        elif typing.get_origin(current) is dict:
            current = typing.get_args(current)[1]
        else:
            return None
    return current
