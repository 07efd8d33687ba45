"""``estafette template``: texts with places for values, in versions of which one is published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from estafette.cli import output
from estafette.cli.call import Usage
from estafette.cli.opening import office
from estafette.model.template import Language, Syntax, TemplateKind, Variable
from estafette.tenancy import templates
from estafette.tenancy.template_text import Written

app = App(name="template", help="Texts with places for values, of a tenant.")


@Parameter(name="*")
class Given:
    """What the verbs say of a version: files, read as UTF-8. variables: a JSON list; sample: a JSON object.

    syntax: whose template language the texts are in; they are kept in ours.
    """

    def __init__(
        self,
        *,
        subject: str | None = None,
        text: Path | None = None,
        html: Path | None = None,
        mjml: Path | None = None,
        variables: Path | None = None,
        sample: Path | None = None,
        inline_css: bool = True,
        syntax: Syntax = "estafette",
    ) -> None:
        if html and mjml:
            raise Usage("a template is HTML or MJML", place="--mjml", fix="give one of --html and --mjml")
        self._subject, self._text, self._html = subject, text, mjml or html
        self._language: Language | None = "mjml" if mjml else "html" if html else None
        self._variables, self._sample, self._inline_css = variables, sample, inline_css
        self._syntax: Syntax = syntax

    @property
    def written(self) -> Written:
        """Read the files; Usage when one cannot be read."""
        return Written(
            subject=self._subject, text=_read(self._text), html=_read(self._html), language=self._language,
            inline_css=self._inline_css, variables=_declared(self._variables), sample=_json(self._sample, dict),
            syntax=self._syntax,
        )  # fmt: skip


@app.command
def create(
    name: str, /, given: Given | None = None, *, tenant: str, kind: TemplateKind = "message", publish: bool = False
) -> None:
    """Add a template with its first version. kind: part = a layout or partial, included by name."""
    with office() as room:
        written = given.written if given else Written()
        output.resource(templates.create(room, tenant, name, written, kind=kind, publish_it=publish))


@app.command(name="list")
def list_(*, tenant: str, kind: TemplateKind | None = None) -> None:
    """List the templates of a tenant."""
    with office() as room:
        columns = ("name", "kind", "published", "latest", "changed", "id")
        output.page(templates.list_all(room, tenant, kind=kind), columns)


@app.command
def show(name: str, /, *, tenant: str, number: int = 0) -> None:
    """Show a template with the texts of a version. number: 0 = the newest."""
    with office() as room:
        output.resource(templates.show(room, tenant, name, number))


@app.command
def versions(name: str, /, *, tenant: str) -> None:
    """List the versions of a template."""
    with office() as room:
        columns = ("number", "published", "created", "by", "language", "subject")
        output.page(templates.versions(room, tenant, name), columns)


@app.command
def update(name: str, /, given: Given | None = None, *, tenant: str, rename: str = "") -> None:
    """Save a new version with what is given, as a draft."""
    with office() as room:
        written = given.written if given else Written()
        output.resource(templates.update(room, tenant, name, written, rename=rename))


@app.command
def publish(name: str, /, *, tenant: str, number: int = 0) -> None:
    """Make a version the one that is sent. number: 0 = the newest."""
    with office() as room:
        output.resource(templates.publish(room, tenant, name, number))


@app.command
def rollback(name: str, /, *, tenant: str) -> None:
    """Publish again what was published before."""
    with office() as room:
        output.resource(templates.rollback(room, tenant, name))


@app.command
def preview(
    name: str,
    /,
    *,
    tenant: str,
    number: int = 0,
    data: Annotated[Path | None, Parameter(help="A JSON object; left out = the sample.")] = None,
) -> None:
    """Show what a version becomes with values. number: 0 = the newest."""
    with office() as room:
        output.resource(templates.preview(room, tenant, name, _json(data, dict), number))


@app.command
def remove(name: str, /, *, tenant: str) -> None:
    """Remove a template with its versions; mail that waits keeps its texts."""
    with office() as room:
        output.resource(templates.remove(room, tenant, name))


def _read(path: Path | None) -> str | None:
    try:
        return None if path is None else path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Usage("the file is not UTF-8", place=str(path), fix="convert it") from None


def _json(path: Path | None, kind: type) -> Any:
    text = _read(path)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Usage(f"no JSON: {error}", place=str(path), fix="correct the file") from None
    if not isinstance(found, kind):
        raise Usage(f"the file holds no {kind.__name__}", place=str(path), fix="see the reference of templates")
    return found


def _declared(path: Path | None) -> tuple[Variable, ...] | None:
    found = _json(path, list)
    try:
        return None if found is None else msgspec.convert(found, tuple[Variable, ...])
    except msgspec.ValidationError as error:
        raise Usage(str(error), place=str(path), fix="see the reference of templates") from None
