"""Many tenants and credentials, written straight into the control tables of a stopped service.

``python -m benchmarks.crowd ORDER`` (JSON). Credential N is ``uN`` with the password ``pN``, of tenant N modulo the
number of tenants, which has proved ``tN.example``; the generator knows the same rule (``logins``).
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import insert

from estafette.base.seal import Keyring
from estafette.mail.dkim.keys import generate_rsa, public_record
from estafette.model.domain import Domain
from estafette.model.stream import Stream
from estafette.model.tenant import Tenant
from estafette.store.interface.directory import KEY_PURPOSE, key_context
from estafette.store.interface.records import AuditEntry, Credential, SealedKey, Suppression
from estafette.store.tables.control import ControlTables, open_control
from estafette.store.tables.definitions.credentials import CREDENTIAL, SUPPRESSION
from estafette.store.tables.definitions.domains import DKIM_KEY, DOMAIN
from estafette.store.tables.definitions.service import AUDIT
from estafette.store.tables.definitions.tenants import STREAM, TENANT
from estafette.store.tables.rows import columns


@dataclass(frozen=True)
class Order:
    """How many of what. keyring: the file under which signing keys are sealed."""

    url: str
    keyring: str
    tenants: int
    credentials: int
    suppressions: int = 0
    entries: int = 0


def _put(control: ControlTables, table: Any, rows: Iterator[msgspec.Struct], counter: str = "control") -> None:
    values = [columns(row) for row in rows]
    with control.changing(None, counter) as connection:
        for start in range(0, len(values), 5000):
            connection.execute(insert(table), values[start : start + 5000])


def _keys(order: Order) -> Iterator[SealedKey]:
    ring, private = Keyring.load(order.keyring), generate_rsa()
    record, now = public_record(private), time.time()
    for number in range(order.tenants):
        tenant, domain = f"t{number}", f"t{number}.example"
        sealed = ring.seal(KEY_PURPOSE, private, key_context(tenant, domain, "s"))
        yield SealedKey(
            tenant=tenant,
            domain=domain,
            selector="s",
            kind="rsa",
            stage="active",
            sealed=sealed,
            record=record,
            seen=now,
            since=now,
        )


def fill(order: Order) -> None:
    """Write everything; some seconds for a hundred thousand."""
    control, now = open_control(order.url), time.time()
    several = range(order.tenants)
    _put(control, TENANT, (Tenant(id=f"t{n}", name=f"tenant {n}", created=now + n) for n in several))
    _put(control, STREAM, (
        Stream(tenant=f"t{n}", name=kind, kind=kind) for n in several for kind in ("personal", "transactional", "bulk")
    ))  # fmt: skip
    _put(control, DOMAIN, (
        Domain(id=f"d{n}", tenant=f"t{n}", name=f"t{n}.example", status="verified", created=now + n, checked=now)
        for n in several
    ))  # fmt: skip
    _put(control, DKIM_KEY, _keys(order))
    _put(control, CREDENTIAL, (
        Credential(
            id=f"c{n}", tenant=f"t{n % order.tenants}", name=f"application {n}", username=f"u{n}",
            stream="transactional", password_sha256=hashlib.sha256(f"p{n}".encode()).digest(),
            api_key_sha256=hashlib.sha256(f"k{n}".encode()).digest(), created=now + n,
        )
        for n in range(order.credentials)
    ))  # fmt: skip
    _put(control, SUPPRESSION, (
        Suppression(tenant="t0", stream="", address=f"p{n}@gone.example", reason="bounce", created=now)
        for n in range(order.suppressions)
    ), "suppression")  # fmt: skip
    _put(control, AUDIT, (AuditEntry(at=now, actor="bench", action="none", tenant="t0") for _ in range(order.entries)))
    control.close()


if __name__ == "__main__":
    fill(Order(**json.loads(sys.argv[1])))
