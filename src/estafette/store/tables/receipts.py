"""``Receipts`` over SQLAlchemy Core."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from estafette.store.interface.receipts import Receipt
from estafette.store.interface.records import AlreadyThere
from estafette.store.tables.definitions.letters import RECEIPT
from estafette.store.tables.rows import columns, read_all, same
from estafette.store.tables.transactions import Tables


class ReceiptTables(Tables):
    """Keys of idempotency; no change counter steps for them."""

    def find(self, credential: str, key: str) -> Receipt | None:
        """See ``Receipts``."""
        query = select(RECEIPT).where(RECEIPT.c.credential == credential, RECEIPT.c.key == key)
        with self.reading() as connection:
            return next(iter(read_all(connection, query, Receipt)), None)

    def keep(self, receipt: Receipt, *, stale: float) -> Receipt | None:
        """See ``Receipts``. The primary key decides between two who come at once."""
        try:
            with self.counting() as connection:
                connection.execute(delete(RECEIPT).where(*same(RECEIPT, receipt), RECEIPT.c.created < stale))
                connection.execute(insert(RECEIPT), columns(receipt))
        except AlreadyThere:
            return self.find(receipt.credential, receipt.key)
        return None

    def replace(self, receipt: Receipt) -> None:
        """See ``Receipts``."""
        with self.counting() as connection:
            connection.execute(update(RECEIPT).where(*same(RECEIPT, receipt)).values(columns(receipt)))

    def prune(self, before: float) -> int:
        """See ``Receipts``."""
        with self.counting() as connection:
            return connection.execute(delete(RECEIPT).where(RECEIPT.c.created < before)).rowcount
