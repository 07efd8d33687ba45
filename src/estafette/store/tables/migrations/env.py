"""Runs migrations on the connection, and within the transaction, of ``store.tables.migrate``."""

from __future__ import annotations

from alembic import context

from estafette.store.tables.definitions import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
