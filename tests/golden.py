"""Writes the golden store of a release: ``python -m tests.golden``, once for each release, never again.

It holds what a service may be stopped with: mail that waits, is deferred, held, large, owed a notice, and an outcome
that only the journal knows. ``tests/integration/test_golden.py`` drains a copy of every one there is.
"""

from __future__ import annotations

import asyncio
import tarfile
import tempfile
import time
from pathlib import Path

import msgspec
from tests.contract.kit import done, submission

from estafette import __version__
from estafette.model.message import Submission
from estafette.model.outcome import Outcome
from estafette.model.rule import Filter, Rule
from estafette.relay.feedback.notices import failure_item
from estafette.relay.journal import Journal
from estafette.store.interface.spool import Settlement
from estafette.store.open import Store, open_store

QUEUES = Path(__file__).parent / "data" / "queues"
LARGE = 300_000


def _letter(store: Store, *recipients: str, file: str = "", number: int = 0) -> Submission:
    now = time.time()
    body = b"" if file else f"Subject: golden\r\nTo: {recipients[0]}\r\n\r\nkept since {__version__}\r\n".encode()
    made = submission(*recipients, id=number or store.mint.next(), body=body, file=file, due=now)
    content = msgspec.structs.replace(made.content, size=LARGE if file else len(body), accepted=now)
    rows = [msgspec.structs.replace(row, born=now, expires=now + 432_000.0) for row in made.deliveries]
    return Submission(content, tuple(rows), made.events)


async def _fill(folder: Path) -> None:
    store = await open_store(f"sqlite://{folder}", free_disk=0)
    spool = store.spool
    plain, refused, answered = (
        _letter(store, "plain@example.test", "second@example.test"),
        _letter(store, "refused@example.test", "deferred@example.test"),
        _letter(store, "answered@example.test"),
    )
    number = store.mint.next()
    writer = await spool.content_writer(number)
    writer.write(b"Subject: golden\r\nTo: large@example.test\r\n\r\n".ljust(LARGE - 2, b".") + b"\r\n")
    await writer.close()
    large = _letter(store, "large@example.test", file=writer.name, number=number)
    for each in (plain, refused, answered, large, _letter(store, "held@example.test")):
        await spool.accept(each)
    selection = Filter(recipient="held@example.test")
    await spool.add_rule(
        Rule(id=store.mint.next(), kind="hold", filter=selection, reason="golden", created=time.time())
    )
    owned = await spool.lease("courier-1", 64)
    bounce = Outcome(message=refused.content.id, number=1, verdict="bounced", reason="golden")
    item = failure_item(refused.content, refused.deliveries[0], bounce, time.time())
    ends = [
        done(refused.content.id, 1, "bounced", notice=item),
        Settlement(refused.content.id, 2, "defer", due=time.time() + 60, last="450 4.2.0 later"),
    ]
    await spool.settle("courier-1", owned, ends)
    await store.close()
    journal = Journal(folder / "journal", "courier-1")
    journal.keep([done(answered.content.id)])
    journal.close()


def main() -> None:
    """Write ``data/queues/<version>.tar.xz``; an existing one is never replaced."""
    target = QUEUES / __version__ / "store.tar.xz"
    if target.exists():
        raise SystemExit(f"{target} is what that release left; a new release writes its own")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "data")
        asyncio.run(_fill(folder))
        for name in ("lock", "store.sock"):
            (folder / name).unlink(missing_ok=True)
        with tarfile.open(target, "w:xz") as archive:
            for path in sorted(folder.rglob("*")):
                archive.add(path, path.relative_to(folder), recursive=False)
    print(f"{target}: {target.stat().st_size} octets")


if __name__ == "__main__":
    main()
