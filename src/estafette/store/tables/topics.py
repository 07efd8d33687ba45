"""``Topics`` over SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select

from estafette.model.topic import Topic
from estafette.store.interface.records import AuditEntry, Stale
from estafette.store.tables.definitions.topics import TOPIC
from estafette.store.tables.rows import columns, same
from estafette.store.tables.transactions import Tables, bury


class TopicTables(Tables):
    """Every method is one transaction."""

    def list(self, tenant: str, stream: str = "") -> Sequence[Topic]:
        """See ``Topics``."""
        table = TOPIC.c
        query = select(TOPIC).where(table.tenant == tenant).order_by(table.stream, table.created, table.name)
        return self.list_rows(query.where(table.stream == stream) if stream else query, Topic)

    def add_topic(self, topic: Topic, entry: AuditEntry) -> None:
        """See ``Topics``."""
        with self.changing(entry) as connection:
            connection.execute(insert(TOPIC), columns(topic))

    def put_topic(self, topic: Topic, entry: AuditEntry) -> None:
        """See ``Topics``."""
        self.put(TOPIC, topic, entry)

    def remove_topic(self, topic: Topic, entry: AuditEntry) -> None:
        """See ``Topics``."""
        with self.changing(entry) as connection:
            if not bury(connection, TOPIC, *same(TOPIC, topic)):
                raise Stale
