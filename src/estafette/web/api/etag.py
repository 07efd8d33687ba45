"""The version of a resource as its ETag: what If-Match names in a change (RFC 9110, 8.8.3 and 13.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from fastapi import Response
from pydantic import BaseModel

Shape = TypeVar("Shape", bound=BaseModel)


def tagged(shape: type[Shape], fields: Mapping[str, object], response: Response) -> Shape:
    """Return a resource in its shape, and put its version on the answer."""
    response.headers["ETag"] = f'"{fields["version"]}"'
    return shape.model_validate(fields)
