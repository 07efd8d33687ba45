"""``estafette suppression`` and ``estafette import-suppressions``: addresses that get no mail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.cli.progress import counted
from estafette.config.kinds import duration
from estafette.store.interface.page import Page
from estafette.suppression.importing import Importing, lines_of
from estafette.suppression.table import written
from estafette.tenancy import suppressions
from estafette.tenancy.office import Office

app = App(name="suppression", help="Addresses that get no mail.")

_PIECE = 1 << 18


@app.command
def create(address: str, /, *, tenant: str, stream: str = "", reason: str = "manual", lasts: str = "") -> None:
    """Refuse mail to an address, or with *@DOMAIN to a whole domain, on one stream or on all of a tenant.

    lasts: for how long, such as 30d; left out: until it is removed.
    """
    with office() as room:
        expires = room.now() + float(duration(lasts)) if lasts else None
        output.resource(suppressions.add(room, tenant, address, stream=stream, reason=reason, expires=expires))


@app.command(name="list")
def list_(
    *, tenant: str = "", stream: str = "", address: str = "", reason: str = "", limit: int = 1000, after: str = ""
) -> None:
    """List entries."""
    with office() as room:
        page = Page(limit=limit, after=after)
        found = suppressions.list_all(room, tenant, page=page, stream=stream, address=address, reason=reason)
        output.page(found, ("address", "tenant", "stream", "reason", "created", "expires"))


@app.command
def remove(address: str, /, *, tenant: str, stream: str = "") -> None:
    """Let an address get mail again."""
    with office() as room:
        output.resource(suppressions.remove(room, tenant, address, stream=stream))


@app.command
def release(file: Path, /, *, tenant: str, stream: str | None = None) -> None:
    """Let every address of a file get mail again, one on each line; - reads stdin.

    stream: on this stream only; left out: wherever they are suppressed.
    """
    asked = removed = 0
    with office() as room, _opened(file) as source:
        some: list[str] = []
        for line in lines_of(_pieces(source)):
            some += [line.strip()] if line.strip() else []
            if len(some) >= suppressions.MOST:
                asked, removed = asked + len(some), removed + _release(room, tenant, some, stream)
                some = []
        asked, removed = asked + len(some), removed + _release(room, tenant, some, stream)
    output.resource({"tenant": tenant, "asked": asked, "removed": removed})


@app.command
def export(*, tenant: str, stream: str = "", reason: str = "") -> None:
    """Write the entries of a tenant to stdout as CSV, which import-suppressions reads."""
    with office() as room:
        for line in written(suppressions.entries(room, tenant, stream=stream, reason=reason)):
            sys.stdout.write(line)


def import_suppressions(file: Path, /, *, tenant: str = "", stream: str = "") -> None:
    """Take a list of addresses that are to get no mail: ours, or as Mailjet, Brevo, SendGrid, Postmark export them.

    file: CSV, told by its first line; - reads stdin. tenant: may be left out where there is only one. stream: of
    addresses for which the list names none; left out: every stream.
    """
    with office() as room, _opened(file) as source:
        total = file.stat().st_size if file.is_file() else 0
        with counted(f"taking {file.name}", total) as told:

            def pieces() -> Iterator[bytes]:
                read = 0
                for piece in _pieces(source):
                    yield piece
                    read += len(piece)
                    told(read)

            taking = Importing(room, tenant or _only(room), stream=stream, source=file.name)
            found = taking.take(lines_of(pieces()))
    output.resource(found)


def _only(room: Office) -> str:
    from estafette.cli.call import Usage

    tenants = room.control.tenants()
    if len(tenants) != 1:
        raise Usage("there are several tenants, or none", place="--tenant", fix="name one")
    return str(tenants[0].id)


def _release(room: Office, tenant: str, addresses: list[str], stream: str | None) -> int:
    if not addresses:
        return 0
    found = suppressions.release_many(room, tenant, addresses, stream=stream)
    return int(str(found["removed"]))


def _opened(file: Path) -> BinaryIO:
    return sys.stdin.buffer if str(file) == "-" else file.open("rb")


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece
