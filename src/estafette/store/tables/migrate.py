"""Bring the control tables to the shape that this release needs."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from estafette.base.errors import StoreFault
from estafette.store.tables.engine import migrating, place_of, reading

HEAD = "0022"
_SCRIPTS = Path(__file__).parent / "migrations"


def revision(engine: Engine) -> str:
    """Return the revision the tables have, "" when there are none yet."""
    with reading(engine) as connection:
        return _revision(connection)


def expect_current(engine: Engine) -> None:
    """Raise StoreFault unless the tables have the shape of this release."""
    if (found := revision(engine)) != HEAD:
        raise StoreFault(
            f"the control tables have revision {found or 'none'}, this release needs {HEAD}",
            place=place_of(engine),
            fix="run `estafette init` for a new store, `estafette migrate` for an older one",
        )


def migrate(engine: Engine) -> bool:
    """Upgrade to ``HEAD`` in one transaction; True when something changed.

    StoreFault when a newer release made the tables.
    """
    found = revision(engine)
    if found == HEAD:
        return False
    if found > HEAD:
        raise StoreFault(
            f"the control tables are of a newer release (revision {found}, this one knows {HEAD})",
            place=place_of(engine),
            fix="start the newer release, or restore the backup made before the upgrade",
        )
    # Alembic takes a third of a second to import: only who migrates pays.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    with migrating(engine) as connection:
        if _revision(connection) == HEAD:  # another process was quicker
            return False
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
    return True


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
