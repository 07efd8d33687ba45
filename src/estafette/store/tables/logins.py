"""``Logins`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from estafette.store.interface.logins import KEPT, LastUse, LoginFailure, Window
from estafette.store.interface.page import Page, Paged, cursor
from estafette.store.interface.records import Credential
from estafette.store.tables.books import chunks
from estafette.store.tables.definitions.credentials import CREDENTIAL, CREDENTIAL_USE, LAST_USE, LOGIN_FAILURE
from estafette.store.tables.engine import add_counts
from estafette.store.tables.rows import columns, read_all, same
from estafette.store.tables.transactions import Tables

#: Thousands of credentials are in use at once: a statement for each would cost more than their messages.
_AT_ONCE = 500
_ORDER = ("last", "tenant", "username", "address", "reason")


class LoginTables(Tables):
    """Notes of log-ins; every method is one transaction."""

    def fail(self, failures: Iterable[LoginFailure]) -> None:
        """See ``Logins``."""
        with self.counting() as connection:
            for failure in failures:
                _add(connection, failure)
            for tenant in {failure.tenant for failure in failures}:
                _forget(connection, tenant)

    def failures(self, page: Page, *, tenant: str | None = None, username: str = "") -> Paged[LoginFailure]:
        """See ``Logins``."""
        table = LOGIN_FAILURE.c
        query = select(LOGIN_FAILURE)
        if tenant is not None:
            query = query.where(table.tenant == tenant)
        if username:
            query = query.where(table.username == username)
        order = [table[name] for name in _ORDER]
        begin = page.key(float, str, str, str, str)
        if begin is not None:
            query = query.where(tuple_(*order) < tuple_(*begin))
        query = query.order_by(*(column.desc() for column in order)).limit(page.limit + 1)
        found = self.list_rows(query, LoginFailure)
        kept = tuple(found[: page.limit])
        more = len(found) > page.limit
        return Paged(kept, cursor([getattr(kept[-1], name) for name in _ORDER]) if more else "")

    def by_key(self, digest: bytes) -> Credential | None:
        """See ``Logins``."""
        query = select(CREDENTIAL).where(CREDENTIAL.c.api_key_sha256 == digest)
        return next(iter(self.list_rows(query, Credential)), None)

    def use(self, uses: Iterable[LastUse]) -> None:
        """See ``Logins``."""
        newest = {use.credential: use for use in uses}
        names = list(newest)
        with self.counting() as connection:
            for start in range(0, len(names), _AT_ONCE):
                some = names[start : start + _AT_ONCE]
                connection.execute(delete(LAST_USE).where(LAST_USE.c.credential.in_(some)))
                connection.execute(insert(LAST_USE), [columns(newest[name]) for name in some])

    def last_uses(self, credentials: Sequence[str]) -> Mapping[str, LastUse]:
        """See ``Logins``."""
        query = select(LAST_USE).where(LAST_USE.c.credential.in_(credentials))
        return {use.credential: use for use in self.list_rows(query, LastUse)}

    def spend(self, spent: Mapping[Window, int]) -> Mapping[Window, int]:
        """See ``Logins``."""
        added = sorted((*window, recipients) for window, recipients in spent.items() if recipients)
        found: dict[Window, int] = {}
        # Most processes only listen most of the time.
        with self.counting() if added else self.reading() as connection:
            if added:
                add_counts(connection, CREDENTIAL_USE, ("used",), added)
                _forget_windows(connection, added)
            for names in chunks({credential for credential, _, _ in spent}):
                for row in connection.execute(select(CREDENTIAL_USE).where(CREDENTIAL_USE.c.credential.in_(names))):
                    found[row.credential, row.span, row.start] = row.used
        return {window: found.get(window, 0) for window in spent}


def _add(connection: Connection, failure: LoginFailure) -> None:
    table = LOGIN_FAILURE
    found = update(table).where(*same(table, failure))
    more = found.values(count=table.c.count + failure.count, last=failure.last)
    if not connection.execute(more).rowcount and not _insert(connection, table, columns(failure)):
        connection.execute(more)


def _insert(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row; False when another process was quicker, which costs this transaction nothing else."""
    try:
        with connection.begin_nested():
            connection.execute(insert(table), row)
    except IntegrityError:
        return False
    return True


def _forget(connection: Connection, tenant: str) -> None:
    table = LOGIN_FAILURE
    mine = select(table).where(table.c.tenant == tenant).order_by(table.c.last.desc(), table.c.username)
    oldest = read_all(connection, mine.offset(KEPT), LoginFailure)
    for failure in oldest:
        connection.execute(delete(table).where(*same(table, failure)))


def _forget_windows(connection: Connection, added: Sequence[tuple[str, int, int, int]]) -> None:
    """Forget windows before the last but one; days of two zones may run at once."""
    table = CREDENTIAL_USE.c
    newest: dict[int, int] = {}
    for _, span, start, _ in added:
        newest[span] = max(start, newest.get(span, 0))
    for span, start in newest.items():
        old = delete(CREDENTIAL_USE).where(table.span == span, table.start < start - span)
        for names in chunks({credential for credential, of, _, _ in added if of == span}):
            connection.execute(old.where(table.credential.in_(names)))
