"""The calls of ``/v1/templates``; they need a management key or a person's session, a credential's key sends only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from estafette.sdk.answers import Preview, Template
from estafette.sdk.call import Call, json_of, place


def create(
    name: str,
    *,
    subject: str = "",
    text: str = "",
    html: str = "",
    language: Literal["html", "mjml"] = "html",
    kind: Literal["message", "part"] = "message",
    variables: Sequence[Mapping[str, Any]] = (),
    sample: Mapping[str, Any] | None = None,
    publish: bool = False,
) -> Call[Template]:
    """Add a template with its first version, a draft unless ``publish``.

    language: of html. kind: part for a layout or partial, included by name. variables: what the texts expect, each
    ``{"name", "type", "required", "default"}``. sample: values for previews.
    """
    body = {
        "name": name, "subject": subject, "text": text, "html": html, "language": language, "kind": kind,
        "variables": [dict(each) for each in variables], "sample": dict(sample or {}), "publish": publish,
    }  # fmt: skip
    return Call(method="POST", path=place("templates"), body=body, read=json_of(Template.of), repeatable=False)


def get(template: str, *, number: int = 0) -> Call[Template]:
    """Return a template, by id or name, with the texts of a version; number 0 is the newest."""
    return Call(method="GET", path=place("templates", template), query={"number": number}, read=json_of(Template.of))


def publish(template: str, *, number: int = 0) -> Call[Template]:
    """Make a version the one that is sent; number 0 is the newest. Mail that waits keeps its own."""
    body = {"number": number}
    return Call(method="POST", path=place("templates", template, "publish"), body=body, read=json_of(Template.of))


def preview(template: str, *, data: Mapping[str, Any] | None = None, number: int = 0) -> Call[Preview]:
    """Return what a version becomes with values, or with its sample; nothing is sent."""
    body = {"data": None if data is None else dict(data), "number": number}
    return Call(method="POST", path=place("templates", template, "preview"), body=body, read=json_of(Preview.of))
