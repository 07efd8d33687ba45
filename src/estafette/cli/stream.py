"""``estafette stream``: a tenant's classes of mail."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from estafette.base.errors import Fault
from estafette.cli import output
from estafette.cli.call import Usage
from estafette.cli.opening import office
from estafette.config.kinds import duration
from estafette.model.stream import StreamKind, SuppressionScope, Tracking
from estafette.model.window import DAYS, SendingWindow
from estafette.tenancy import streams
from estafette.tenancy.streams import Habits

app = App(name="stream", help="Classes of mail of a tenant.")


@Parameter(name="*")
class Wanted:
    """What the verbs say of a stream. days: such as mon,tue or mon-fri, empty for every hour of the week."""

    def __init__(
        self,
        *,
        tracking: Tracking | None = None,
        egress: str | None = None,
        report_to: str | None = None,
        reply_to: str | None = None,
        retention: str | None = None,
        suppression: SuppressionScope | None = None,
        suspended: str | None = None,
        days: str | None = None,
        from_: Annotated[str, Parameter(name="--from", help="Beginning of the window, such as 08:30.")] = "",
        to: Annotated[str, Parameter(help="Its end; at or before the beginning = of the next day.")] = "",
        zone: Annotated[str, Parameter(help="Time zone of both, such as Europe/Paris.")] = "UTC",
    ) -> None:
        if days is None and (from_ or to):
            raise Usage("a window needs its days", place="--days", fix="such as --days mon-fri --from 08:00 --to 18:00")
        self.habits = Habits(
            tracking=tracking, egress=egress, report_to=report_to, reply_to=reply_to, retention=_kept(retention),
            suppression=suppression, suspended=suspended,
            window=SendingWindow(_days(days), from_, to, zone) if days is not None else None,
        )  # fmt: skip


@app.command
def create(name: str, /, wanted: Wanted | None = None, *, tenant: str, kind: StreamKind) -> None:
    """Add a stream. kind: its priority; the personal kind is private, and stays on."""
    with office() as room:
        output.resource(streams.create(room, tenant, name, kind, wanted.habits if wanted else None))


@app.command(name="list")
def list_(*, tenant: str) -> None:
    """List the streams of a tenant."""
    with office() as room:
        output.page(streams.list_all(room, tenant), ("name", "kind", "egress", "tracking", "window", "suspended"))


@app.command
def show(name: str, /, *, tenant: str) -> None:
    """Show one stream."""
    with office() as room:
        output.resource(streams.show(room, tenant, name))


@app.command
def update(name: str, /, wanted: Wanted | None = None, *, tenant: str) -> None:
    """Change what is given. retention: such as 7d, empty for the setting. suspended: the reason, empty to lift."""
    with office() as room:
        output.resource(streams.update(room, tenant, name, wanted.habits if wanted else Habits()))


@app.command
def remove(name: str, /, *, tenant: str) -> None:
    """Remove a stream on which no credential sends; its mail that waits still leaves."""
    with office() as room:
        output.resource(streams.remove(room, tenant, name))


def _kept(text: str | None) -> float | None:
    if not text:
        return None if text is None else -1.0
    try:
        return float(duration(text))
    except ValueError as error:
        raise Fault(str(error), place="--retention", fix="such as 7d") from None


def _days(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for part in filter(None, text.lower().replace(" ", "").split(",")):
        first, dash, last = part.partition("-")
        if dash and first in DAYS and last in DAYS and DAYS.index(first) <= DAYS.index(last):
            found += DAYS[DAYS.index(first) : DAYS.index(last) + 1]
        else:
            found.append(part)
    return tuple(found)
