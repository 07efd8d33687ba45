"""``estafette topic``: what the mail of a stream is about."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from estafette.cli import output
from estafette.cli.opening import office
from estafette.tenancy import topics

app = App(name="topic", help="What the mail of a stream is about; recipients choose among them.")

_Stream = Annotated[str, Parameter(help="The stream whose mail it divides.")]


@app.command
def create(name: str, /, *, tenant: str, stream: _Stream, title: str, french: str = "") -> None:
    """Add a topic. title: as recipients read it; french: for those who read French."""
    with office() as room:
        output.resource(topics.create(room, tenant, stream, name, title=title, french=french))


@app.command(name="list")
def list_(*, tenant: str, stream: _Stream = "") -> None:
    """List topics, in the order in which recipients see them."""
    with office() as room:
        output.page(topics.list_all(room, tenant, stream), ("stream", "name", "title", "french", "created"))


@app.command
def show(name: str, /, *, tenant: str, stream: _Stream) -> None:
    """Show one topic."""
    with office() as room:
        output.resource(topics.show(room, tenant, stream, name))


@app.command
def update(
    name: str, /, *, tenant: str, stream: _Stream, title: str | None = None, french: str | None = None
) -> None:  # fmt: skip
    """Change how recipients read it."""
    with office() as room:
        output.resource(topics.update(room, tenant, stream, name, title=title, french=french))


@app.command
def remove(name: str, /, *, tenant: str, stream: _Stream) -> None:
    """Remove a topic; its mail that waits still leaves."""
    with office() as room:
        output.resource(topics.remove(room, tenant, stream, name))
