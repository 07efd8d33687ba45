"""``estafette migrate``: bring the control tables to this release, and a backup's control data into empty ones."""

from __future__ import annotations

from pathlib import Path

from estafette.cli import output
from estafette.cli.call import call


def migrate(*, fill: Path | None = None) -> None:
    """Apply the migrations that are missing; harmless when there are none.

    fill: a backup whose control data comes into these tables, which must be empty: from a folder to PostgreSQL.
    """
    from estafette.store.tables.control import open_control
    from estafette.store.tables.copy import fill_from_file

    tables = open_control(call.settings.store.url, upgrade=True)
    try:
        if fill is not None:
            fill_from_file(tables.engine, fill / "control.db" if fill.is_dir() else fill)
    finally:
        tables.close()
    output.resource({"store": tables.place, "current": True, "filled": fill is not None})
