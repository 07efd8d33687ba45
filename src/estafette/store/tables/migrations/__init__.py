"""Alembic scripts: expand first, contract a release later."""
