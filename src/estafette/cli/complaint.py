"""``estafette complaint``: what recipients complained about, and the marks that name it to receivers."""

from __future__ import annotations

from cyclopts import App

from estafette.base import ids
from estafette.cli import output
from estafette.cli.opening import office
from estafette.relay.preparation.feedback import mark
from estafette.tenancy.office import moment

app = App(name="complaint", help="What recipients complained about.")
_COLUMNS = ("message", "stream", "at", "kind", "programme", "reports")


@app.command(name="list")
def list_(*, tenant: str, stream: str = "", limit: int = 100) -> None:
    """List the newest complaints about a tenant's mail, each copy once. stream: only this one."""
    with office() as room:
        owner = room.tenant(tenant).id
        names = [stream] if stream else [each.name for each in room.control.streams(owner)]
        found = [each for name in names for each in room.control.complaints.newest(owner, name, limit)]
        newest = sorted(found, key=lambda each: each.at, reverse=True)[:limit]
        output.listing(
            [
                {
                    "message": ids.show(each.message) + (f".{each.number}" if each.number else ""),
                    "stream": each.stream, "at": moment(each.at), "last": moment(each.seen), "kind": each.kind,
                    "programme": each.programme, "reports": each.reports,
                }
                for each in newest
            ],
            _COLUMNS,
        )  # fmt: skip


@app.command
def marks(*, tenant: str, campaign: list[str] | None = None) -> None:
    """Say which marks in Feedback-ID stand for a tenant, its streams, and campaigns or templates that are named."""
    with office() as room:
        owner = room.tenant(tenant).id
        found = [{"mark": mark(owner), "what": "tenant", "name": tenant}]
        for kind, names in (
            ("stream", [each.name for each in room.control.streams(owner)]),
            ("campaign", campaign or []),
        ):
            found += [{"mark": mark(owner, kind, name), "what": kind, "name": name} for name in names]
        found.append({"mark": mark(room.return_path.lower()), "what": "service", "name": room.return_path})
        output.listing(found, ("mark", "what", "name"))
