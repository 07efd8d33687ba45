"""Events of an erased person that are committed after the erasure: an attempt under way then, a bounce days later.

They get the tombstone before they are written to the log. What they are known by is a salted digest, kept for as long
as events are.
"""

from __future__ import annotations

import os
from typing import Any

import apsw
import msgspec

from estafette.model.erasure import Erasure, digest
from estafette.model.event import pack, unpack
from estafette.store.sqlite.database import get_meta, set_meta
from estafette.store.sqlite.statements import sql

_FILE = "persons.sql"


class Latecomers:
    """Lives in the history's writing thread."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._salt: bytes = get_meta(connection, "salt") or b""
        self._tombstones: dict[bytes, str] = {}
        self._load()

    def _load(self) -> None:
        rows: list[tuple[Any, ...]] = self._connection.execute(sql("latecomers", file=_FILE)).fetchall()
        self._tombstones = dict(rows)

    def remember(self, erasure: Erasure, at: float) -> None:
        """Watch for a person from now on."""
        with self._connection:
            if not self._salt:
                self._salt = os.urandom(16)
                set_meta(self._connection, "salt", self._salt)
            mark = digest(self._salt, erasure.tenant, erasure.address)
            self._connection.execute(sql("remember", file=_FILE), (mark, erasure.tombstone, at))
        self._tombstones[mark] = erasure.tombstone

    def forget(self, before: float) -> None:
        """Watch no more for whoever was erased before a moment."""
        if self._tombstones:
            self._connection.execute(sql("forget_latecomers", file=_FILE), (before,))
            self._load()

    def cleaned(self, tenant: str, recipient: str, blob: bytes) -> tuple[str, bytes]:
        """Return recipient and packed event as they are to be written."""
        if not self._tombstones or not recipient:
            return recipient, blob
        tombstone = self._tombstones.get(digest(self._salt, tenant, recipient))
        if tombstone is None:
            return recipient, blob
        try:
            event = Erasure(tenant, recipient, tombstone).event(unpack(blob))
        except msgspec.MsgspecError:
            return recipient, blob
        return event.recipient, pack(event)
