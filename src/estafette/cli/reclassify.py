"""``estafette reclassify``: what the rules would say otherwise of the replies in the log. Changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from estafette.base.errors import Fault
from estafette.cli import output
from estafette.cli.call import Usage, call
from estafette.cli.opening import with_store
from estafette.reporting.replay import Replay, Replayer
from estafette.smtp.classification.rulebook import FILES, RuleBook, read, shipped
from estafette.store.open import Store

#: Version under which a candidate's rules speak.
CANDIDATE = 0


def reclassify(*, rules: Path | None = None, since: str = "") -> None:
    """Classify the replies of the log again and print what would change, with samples. Changes nothing.

    Parameters
    ----------
    rules
        A folder with a set of rules to try against the present ones; empty: the present ones against what was said
        when it happened.
    since
        Only replies from this moment on (RFC 3339); empty: all that are kept (retention.events).
    """
    replayer = Replayer(_candidate(rules), shipped()) if rules else Replayer(shipped())
    start = _moment(since) if since else 0.0

    async def replay(store: Store) -> Replay:
        await store.spool.flush()
        return await replayer.run(store.history, start)

    _print(with_store(replay))


def _print(found: Replay) -> None:
    document = found.document()
    if call.json:
        output.document(document)
        return
    print(f"{document['looked_at']} replies, {document['changed']} of which something else would be said")
    for line in document["changes"]:
        print(f"{line['replies']:>8}  {_words(line['was'])} -> {_words(line['is'])}")
        for sample in line["samples"]:
            print(f"          {output.plain(sample)}")


def _words(said: dict[str, object]) -> str:
    name = f"{said['category'] or 'nothing'} ({said['scope'] or '-'})"
    return f"{name}, suppresses" if said["suppress"] else name


def _candidate(folder: Path) -> RuleBook:
    try:
        return read([(folder / name).read_text("utf-8") for name in FILES], CANDIDATE)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        fix = f"the folder holds {', '.join(FILES)}, in the form of docs/reference/replies.md"
        raise Fault(f"these are no rules: {error}", place=str(folder), fix=fix) from error


def _moment(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Usage(f"{text!r} is no moment", place="--since", fix="write it as 2026-01-31T12:00:00Z") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
