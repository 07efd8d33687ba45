"""``Webhooks`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, and_, delete, func, insert, literal, select, tuple_, union_all, update

from estafette.model.route import Route
from estafette.model.user import Letter
from estafette.model.webhook import Call, CallState, LogReader, RoutedWebhook, Webhook
from estafette.store.interface.page import Page, Paged, cursor
from estafette.store.interface.records import AuditEntry, Stale
from estafette.store.interface.webhooks import Backlog, Settlement
from estafette.store.tables.definitions.metadata import CHANGE
from estafette.store.tables.definitions.people import LETTER
from estafette.store.tables.definitions.routes import ROUTE
from estafette.store.tables.definitions.webhooks import COUNTER, WEBHOOK, WEBHOOK_CALL, WEBHOOK_READER
from estafette.store.tables.engine import put_rows
from estafette.store.tables.paging import read_page
from estafette.store.tables.rows import columns, same
from estafette.store.tables.transactions import Tables

_W, _C, _R = WEBHOOK.c, WEBHOOK_CALL.c, WEBHOOK_READER.c
_ROUTED = ROUTE.c.way == "webhook"
#: Messages of one question, and rows of one pruning statement.
_AT_ONCE = 500


class WebhookTables(Tables):
    """Webhooks in tables; every method is one transaction. Thread-safe."""

    def version(self) -> tuple[int, ...]:
        """See ``Webhooks``."""
        query = select(func.count(), func.coalesce(func.max(ROUTE.c.version), 0)).where(_ROUTED)
        with self.reading() as connection:
            found: int = connection.execute(select(CHANGE.c.version).where(CHANGE.c.name == COUNTER)).scalar_one()
            routes = connection.execute(query).one()
        return (found, *routes)

    def find(self, tenant: str, webhook: str) -> Webhook | None:
        """See ``Webhooks``."""
        query = select(WEBHOOK).where(_W.tenant == tenant, _W.id == webhook)
        return None if "\0" in webhook else next(iter(self.list_rows(query, Webhook)), None)

    def page(self, page: Page, *, tenant: str) -> Paged[Webhook]:
        """See ``Webhooks``."""
        with self.reading() as connection:
            query = select(WEBHOOK).where(_W.tenant == tenant)
            return read_page(connection, query, (_W.created, _W.id), Webhook, page)

    def active(self) -> Sequence[Webhook]:
        """See ``Webhooks``."""
        own = self.list_rows(select(WEBHOOK).where(_W.status == "active").order_by(_W.id), Webhook)
        routes = self.list_rows(select(ROUTE).where(_ROUTED).order_by(ROUTE.c.id), Route)
        return (*own, *map(_of_route, routes))

    def add(self, webhook: Webhook, entry: AuditEntry) -> None:
        """See ``Webhooks``."""
        with self.changing(entry, COUNTER) as connection:
            connection.execute(insert(WEBHOOK), columns(webhook))

    def change(self, webhook: Webhook, entry: AuditEntry, letters: Sequence[Letter] = ()) -> None:
        """See ``Webhooks``."""
        with self.changing(entry, COUNTER) as connection:
            seen = (*same(WEBHOOK, webhook), _W.version == webhook.version)
            if not connection.execute(update(WEBHOOK).where(*seen).values(columns(webhook))).rowcount:
                raise Stale
            if letters:
                connection.execute(insert(LETTER), [columns(letter) for letter in letters])

    def remove(self, webhook: Webhook, entry: AuditEntry) -> None:
        """See ``Webhooks``."""
        with self.changing(entry, COUNTER) as connection:
            seen = (*same(WEBHOOK, webhook), _W.version == webhook.version)
            if not connection.execute(delete(WEBHOOK).where(*seen)).rowcount:
                raise Stale
            connection.execute(delete(WEBHOOK_CALL).where(_C.webhook == webhook.id))
            connection.execute(delete(WEBHOOK_READER).where(_R.webhook == webhook.id))

    def calls(self, page: Page, *, webhook: str, state: CallState | None = None) -> Paged[Call]:
        """See ``Webhooks``."""
        query = select(WEBHOOK_CALL).where(_C.webhook == webhook)
        if state is not None:
            query = query.where(_C.state == state)
        if (begin := page.key(float, str)) is not None:
            query = query.where(tuple_(_C.created, _C.id) < tuple_(*map(literal, begin)))
        found = self.list_rows(query.order_by(_C.created.desc(), _C.id.desc()).limit(page.limit + 1), Call)
        kept = tuple(found[: page.limit])
        return Paged(kept, cursor([kept[-1].created, kept[-1].id]) if len(found) > page.limit else "")

    def call(self, webhook: str, call: str) -> Call | None:
        """See ``Webhooks``."""
        query = select(WEBHOOK_CALL).where(_C.webhook == webhook, _C.id == call)
        return None if "\0" in call else next(iter(self.list_rows(query, Call)), None)

    def ask(self, call: Call, entry: AuditEntry) -> None:
        """See ``Webhooks``."""
        with self.changing(entry, COUNTER) as connection:
            put_rows(connection, WEBHOOK_CALL, [columns(call)])

    def replay(self, reader: LogReader, entry: AuditEntry) -> None:
        """See ``Webhooks``."""
        with self.changing(entry, COUNTER) as connection:
            connection.execute(insert(WEBHOOK_READER), columns(reader))

    def readers(self) -> Sequence[LogReader]:
        """See ``Webhooks``."""
        return self.list_rows(select(WEBHOOK_READER).order_by(_R.id), LogReader)

    def backlogs(self) -> Mapping[str, Backlog]:
        """See ``Webhooks``."""
        query = select(_C.webhook, func.count(), func.min(_C.due)).where(_C.state == "pending").group_by(_C.webhook)
        with self.reading() as connection:
            return {webhook: Backlog(pending, due) for webhook, pending, due in connection.execute(query)}

    def blocked(self, webhook: str, messages: Collection[int]) -> set[int]:
        """See ``Webhooks``."""
        wanted, found = list(messages), set[int]()
        with self.reading() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                part = _C.message.in_(wanted[start : start + _AT_ONCE])
                query = select(_C.message).where(_C.webhook == webhook, _C.state == "pending", part).distinct()
                found.update(connection.execute(query).scalars())
        return found

    def due(self, webhook: str, now: float, limit: int) -> Sequence[Call]:
        """See ``Webhooks``."""
        query = select(WEBHOOK_CALL).where(_C.webhook == webhook, _C.due <= now).order_by(_C.due).limit(limit)
        return self.list_rows(query, Call)

    def settle(self, settlement: Settlement) -> None:
        """See ``Webhooks``."""
        with self.counting() as connection:
            put_rows(connection, WEBHOOK_CALL, [columns(call) for call in settlement.calls])
            waiting = {call.chain for call in settlement.calls if call.state == "pending" and call.due is None}
            for webhook, message in _followed(connection, waiting.union(settlement.ended)):
                _release(connection, webhook, message, settlement.now)
            put_rows(connection, WEBHOOK_READER, [columns(reader) for reader in settlement.readers])
            for reader in settlement.finished:
                connection.execute(delete(WEBHOOK_READER).where(_R.id == reader))
            for webhook, since in settlement.failing.items():
                # Its version stays: nothing that a person sees changes under their hands.
                state = {"failing": since, "version": _W.version}
                connection.execute(update(WEBHOOK).where(_W.id == webhook).values(state))

    def prune(self, before: float, kept: int) -> int:
        """See ``Webhooks``."""
        with self.counting() as connection:
            known = union_all(select(_W.id), select(ROUTE.c.id).where(_ROUTED))
            gone = connection.execute(delete(WEBHOOK_CALL).where(_C.webhook.not_in(known))).rowcount
            connection.execute(delete(WEBHOOK_READER).where(_R.webhook != "", _R.webhook.not_in(known)))
            old = and_(_C.state != "pending", _C.created < before)
            gone += connection.execute(delete(WEBHOOK_CALL).where(old)).rowcount
            return gone + sum(_cut(connection, webhook, kept) for webhook in connection.execute(known).scalars().all())


def _of_route(route: Route) -> RoutedWebhook:
    return RoutedWebhook(
        id=route.id, tenant=route.tenant, url=route.target, sealed=route.sealed, created=route.created,
        version=route.version,
    )  # fmt: skip


def _followed(connection: Connection, chains: Collection[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return those of some chains in which a call waits for another: few of many."""
    found: list[tuple[str, int]] = []
    wanted = list(chains)
    for start in range(0, len(wanted), _AT_ONCE):
        part = tuple_(_C.webhook, _C.message).in_(wanted[start : start + _AT_ONCE])
        query = select(_C.webhook, _C.message).where(part, _C.state == "pending", _C.due.is_(None)).distinct()
        found += [(webhook, message) for webhook, message in connection.execute(query)]
    return found


def _release(connection: Connection, webhook: str, message: int, now: float) -> None:
    pending = (_C.webhook == webhook, _C.message == message, _C.state == "pending")
    if connection.execute(select(_C.id).where(*pending, _C.due.is_not(None)).limit(1)).first() is None:
        following = select(_C.id).where(*pending).order_by(_C.place).limit(1).scalar_subquery()
        connection.execute(update(WEBHOOK_CALL).where(_C.webhook == webhook, _C.id == following).values(due=now))


def _cut(connection: Connection, webhook: str, kept: int) -> int:
    """Forget the successes of a webhook beyond its newest."""
    done = (_C.webhook == webhook, _C.state == "done")
    oldest = select(_C.created).where(*done).order_by(_C.created.desc(), _C.id.desc()).offset(kept).limit(1)
    moment = connection.execute(oldest).scalar()
    if moment is None:
        return 0
    return connection.execute(delete(WEBHOOK_CALL).where(*done, _C.created <= moment)).rowcount
