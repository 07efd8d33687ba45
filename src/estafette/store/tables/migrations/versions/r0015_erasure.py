"""The audit stays append-only, but a person's address may be taken out of its words.

Who acted, when, on which tenant and from where never changes; the words change only to hold a tombstone. This file is
history: it never imports the living definitions.
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_SQLITE = (
    "DROP TRIGGER audit_stays",
    """CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
    WHEN NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.actor IS NOT OLD.actor OR NEW.action IS NOT OLD.action
    OR NEW.tenant IS NOT OLD.tenant OR NEW.address IS NOT OLD.address OR instr(
        NEW.subject || NEW.detail || coalesce(NEW."before", '') || coalesce(NEW."after", ''), '@erased.invalid') = 0
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
)
_POSTGRESQL = (
    "DROP TRIGGER audit_stays ON audit",
    """CREATE FUNCTION audit_erase() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (NEW.id, NEW.at, NEW.actor, NEW.action, NEW.tenant, NEW.address)
        IS DISTINCT FROM (OLD.id, OLD.at, OLD.actor, OLD.action, OLD.tenant, OLD.address)
    OR position('@erased.invalid' IN concat(NEW.subject, NEW.detail, NEW.before::text, NEW.after::text)) = 0
    THEN RAISE integrity_constraint_violation USING MESSAGE = 'the audit is append-only'; END IF;
    RETURN NEW; END $$""",
    """CREATE TRIGGER audit_stays BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_erase()""",
    """CREATE TRIGGER audit_keeps BEFORE DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
)


def upgrade() -> None:
    """Change what this revision changes."""
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
