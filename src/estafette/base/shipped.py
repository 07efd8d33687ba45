"""Tables that are shipped beside the code that reads them, as TOML."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TypeVar

import msgspec

T = TypeVar("T")


def table(package: str, name: str, kind: type[T]) -> T:
    """Return a table of a package in the shape of ``kind``; msgspec.ValidationError when it has another.

    Whoever asks keeps what is returned: the file is read each time.
    """
    text = resources.files(package).joinpath(name).read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), kind)
