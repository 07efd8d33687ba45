"""Load the settings: defaults, one TOML file, the environment; every fault is told at once, with its fix."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from estafette.base.errors import ConfigFault
from estafette.config.layers import Layered, field_type, read_environment, read_file
from estafette.config.schema import Settings

PLACES = (Path("estafette.toml"), Path("/etc/estafette/estafette.toml"))
_FILE_SETTINGS = ("tls.certificate", "tls.key", "tls.hosts", "secrets.keyring_file", "delivery.ca_file")


class Misconfigured(ConfigFault):
    """Some settings are wrong; ``faults`` has one entry for each, with key, cause and fix."""

    def __init__(self, faults: Sequence[ConfigFault]) -> None:
        first = faults[0]
        super().__init__(first.cause, place=first.place, fix=first.fix)
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Loaded:
    """Settings; for each key that is not a default, where it came from; the file that was read."""

    settings: Settings
    origins: Mapping[str, str]
    file: Path | None


def locate(explicit: str | None = None) -> Path | None:
    """Return the settings file: the named one, else the first of ``PLACES`` that exists, else None."""
    if explicit:
        return Path(explicit)
    return next((place for place in PLACES if place.is_file()), None)


def load(explicit: str | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Return the effective settings; Misconfigured lists everything that is wrong with them."""
    layers = Layered()
    file = locate(explicit)
    if file is not None:
        read_file(layers, file)
        _anchor(layers, file.parent)
    read_environment(layers, os.environ if environ is None else environ)
    settings = _validate(layers)
    if layers.faults or settings is None:
        raise Misconfigured(layers.faults)
    return Loaded(settings, dict(layers.origins), file)


def _anchor(layers: Layered, folder: Path) -> None:
    """Look for relative file names beside the settings file first, then in the working folder."""
    for key in _FILE_SETTINGS:
        section, name = key.split(".")
        value = layers.tree.get(section, {}).get(name) if isinstance(layers.tree.get(section), dict) else None
        if isinstance(value, str) and value and (folder / value).exists():
            layers.tree[section][name] = str((folder / value).absolute())


def _validate(layers: Layered) -> Settings | None:
    try:
        return Settings.model_validate(layers.tree)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            layers.faults.append(_explained(item, layers))
    return None


def _explained(item: Any, layers: Layered) -> ConfigFault:
    path = [str(part) for part in item["loc"]]
    key = ".".join(path)
    origin = _origin(key, layers)
    place = f"{key} ({origin})" if origin else key
    if item["type"] == "extra_forbidden":
        return ConfigFault(f"there is no setting {key}", place=place, fix=_nearest(path))
    message = str(item["msg"]).removeprefix("Value error, ")
    given = repr(item["input"])
    value = "" if _secret(key) or given in message else f"{given}: "
    return ConfigFault(f"{value}{message}", place=place, fix=_meaning(path))


def _origin(key: str, layers: Layered) -> str:
    while key:
        if key in layers.origins:
            return layers.origins[key]
        key = key.rpartition(".")[0]
    return ""


def _nearest(path: list[str]) -> str:
    from estafette.config.explain import keys_of

    known = keys_of(path[:-1])
    close = difflib.get_close_matches(path[-1], known, 1)
    if close:
        return f"write {'.'.join([*path[:-1], close[0]])}"
    return f"remove it; known here: {', '.join(known)}"


def _meaning(path: list[str]) -> str:
    from estafette.config.explain import describe

    named = [part for part in path if not part.isdigit()]
    while named and field_type(tuple(named)) is None:
        named.pop()
    text, default = describe(tuple(named))
    if not text:
        return "see docs/reference/settings.md"
    return f"write one such as {default} ({text})" if default else f"correct it ({text})"


def _secret(key: str) -> bool:
    return key.endswith(("password", "client_secret")) or key == "store.url"
