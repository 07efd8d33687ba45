"""``estafette report``: what receivers say of mail from our domains, and of TLS with our servers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, cast

from cyclopts import App, Parameter

from estafette.base.errors import Fault
from estafette.cli import output
from estafette.cli.call import call
from estafette.cli.opening import office
from estafette.mail.receivers.reader import LARGEST
from estafette.model.report import ReportKind
from estafette.store.interface.page import Page
from estafette.tenancy import reports
from estafette.tenancy.office import Office, Resource

app = App(name="report", help="What receivers say of mail from our domains (DMARC), and of TLS with our servers.")
_COLUMNS = ("id", "kind", "domain", "reporter", "end", "messages", "passed", "ours", "ours_passed")
_SOURCES = ("domain", "source", "ours", "messages", "passed", "dkim", "spf", "rejected", "last", "verdict")
_DAYS = ("day", "domain", "messages", "passed", "ours", "ours_passed")
_ROWS = ("source", "ours", "count", "passed", "dkim", "spf", "disposition", "header_from", "signer", "result", "reason")


@app.command(name="list")
def list_(
    *, tenant: str = "", kind: ReportKind | None = None, domain: str = "", limit: int = 100, after: str = ""
) -> None:
    """List reports, the newest time first. kind: dmarc, tls."""
    with office() as room:
        found = reports.list_all(room, tenant, kind=kind, domain=domain, page=Page(limit=limit, after=after))
        output.page(found, _COLUMNS)


@app.command
def show(id: str, /) -> None:  # noqa: A002 - the contract's word
    """Show one: who reported what of which address."""
    with office() as room:
        found = reports.show(room, id)
    if call.json:
        output.document(found)
        return
    rows = cast("list[Resource]", found.pop("rows"))
    output.resource(found)
    output.listing(rows, _ROWS)


@app.command
def sources(*, tenant: str = "", domain: str = "", days: int = 30, limit: int = 100, after: str = "") -> None:
    """Show which addresses sent mail of a domain: which are ours, which pass, which do not."""
    with office() as room:
        found = reports.sources(room, tenant, domain=domain, days=days, page=Page(limit=limit, after=after))
        output.page(found, _SOURCES)


@app.command(name="days")
def days_(*, tenant: str = "", domain: str = "", days: int = 30) -> None:
    """Show day by day how many messages were reported, and how many passed."""
    with office() as room:
        output.page(reports.days(room, tenant, domain=domain, days=days), _DAYS)


@app.command(name="import")
def import_(*files: Annotated[Path, Parameter(allow_leading_hyphen=True)], tenant: str = "") -> int:
    """Take reports from files, as receivers sent them: XML or JSON, plain, gzip or ZIP; - reads one from stdin.

    tenant: only those of its domains. A file that cannot be read is told, and the others are taken; exit 1 then.
    """
    from estafette.cli.call import Usage

    if not files:
        raise Usage("no file is named", place="FILE", fix="name one or more, or - for stdin")
    lines: list[Resource] = []
    faults: list[Fault] = []
    with office() as room:
        for file in files:
            try:
                lines += _taken(room, file, tenant)
            except Fault as fault:
                faults.append(Fault(fault.cause, place=f"{file}: {fault.place}", fix=fault.fix))
    output.listing(lines, ("file", "state", "kind", "domain", "reporter", "id"))
    if faults:
        output.failure(faults[0], faults[1:])
    return 1 if faults else 0


def _taken(room: Office, file: Path, tenant: str) -> list[Resource]:
    if str(file) == "-":
        octets = sys.stdin.buffer.read(LARGEST + 1)
    else:
        with file.open("rb") as opened:
            octets = opened.read(LARGEST + 1)
    found = reports.upload(room, octets, sources=call.settings.source_addresses, tenant=tenant)
    return [{"file": str(file)} | each for each in cast("list[Resource]", found["items"])]
