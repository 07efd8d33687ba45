"""``estafette statistics``: what happened to a tenant's mail, counted; and the proof that the counters are right."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from estafette.cli import output
from estafette.cli.call import Usage, call
from estafette.cli.opening import control, with_store
from estafette.model.tenant import Tenant
from estafette.reporting.answer import answer
from estafette.reporting.periods import span
from estafette.reporting.proof import prove
from estafette.reporting.question import Question, check, grouped
from estafette.reporting.table import written
from estafette.store.open import Store

app = App(name="statistics", help="What happened to mail, counted: totals, rates, comparison.")

#: Columns of the table on a terminal; --json and --csv have everything.
_COUNTS = ("queued", "delivered", "deferred", "complained", "unsubscribed")
_RATES = ("bounce", "open", "click")


@app.command
def show(
    *,
    tenant: str,
    group: str = "",
    since: str = "",
    until: str = "",
    by: Literal["hour", "day", "week", "month"] | None = None,
    timezone: str = "",
    per: Literal["delivered", "queued", "attempted", "opened"] | None = None,
    filter: Annotated[tuple[str, ...], Parameter(negative="")] = (),  # noqa: A002 - its name on the command line
    compare: Annotated[bool, Parameter(negative="")] = False,
    csv: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Show counts and rates of a span of time.

    Parameters
    ----------
    tenant
        Name or id.
    group
        Told apart by a dimension (stream, credential, campaign, tag, topic, template, domain, provider, link, client),
        or by two joined by a comma.
    since
        A date of the time zone, or an RFC 3339 time; empty: 30 days before the end.
    until
        The end, not included; empty: now.
    by
        Also told apart by hour, day, week or month.
    timezone
        An IANA name; empty: the tenant's.
    per
        What rates are taken of, where it is not what is usual for each.
    filter
        Only mail with this label, as campaign=spring; repeated for others.
    compare
        Beside the period of equal length before; with --json or --csv it is in the answer.
    csv
        Print a table of comma-separated values.
    """
    known = _tenant(tenant)
    question = check(
        Question(
            tenant=known.id, span=span(since, until, timezone or known.timezone, time.time()), by=by or "",
            group=grouped(group.split(",")), filters=_filters(filter), per=per or "", compare=compare, limit=1_000,
        )
    )  # fmt: skip

    async def ask(store: Store) -> dict[str, Any]:
        kept = time.time() - call.settings.retention.events
        return await answer(question, store.statistics, store.history, kept)

    found = with_store(ask)
    if csv:
        sys.stdout.write(written(found))
    elif call.json:
        output.document(found)
    else:
        _table(found)


@app.command
def verify() -> int:
    """Prove that the counters say what the event log says, as far back as it is kept; exit 1 if they do not."""

    async def look(store: Store) -> dict[str, Any]:
        kept = time.time() - call.settings.retention.events
        found = await prove(store.statistics, store.history, kept)
        return {
            "equal": not found.unequal, "events": found.events, "counters": found.counters, "position": found.position,
            "unequal": found.unequal, "differences": list(found.differences),
        }  # fmt: skip

    told = with_store(look)
    output.resource(told)
    return 0 if told["equal"] else 1


def _tenant(name: str) -> Tenant:
    with control() as tables:
        found = tables.lists.tenant(name)
    if found is None:
        raise Usage(f"there is no tenant {name!r}", place="--tenant", fix="see `estafette tenant list`")
    return found


def _filters(given: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not value:
            raise Usage(f"{text!r} is no filter", place="--filter", fix="write it as campaign=spring")
        found[name] = (*found.get(name, ()), value)
    return found


def _table(found: Mapping[str, Any]) -> None:
    labels = [*(["local"] if found["by"] else []), *found["group"]] or ["local"]
    rows = [*found["items"], {labels[0]: "total", **found["totals"]}]
    columns = [*labels, *_COUNTS, "p95_to_250", *_RATES]
    output.listing([_row(row) for row in rows], columns)
    print(f"{found['since']} to {found['until']}, {found['timezone']}, from {found['source']}")
    for text in found["notes"]:
        print(f"note: {output.plain(text)}")


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    rates = {rate["name"]: _rate(rate) for rate in row["rates"]}
    times = row["time_to_250"] or {}
    seconds = times.get("p95")
    return {**row, **row["counts"], **rates, "p95_to_250": f"{seconds} s" if seconds is not None else None}


def _rate(rate: Mapping[str, Any]) -> str:
    """Return a rate with its interval, or its two numbers where these are too few for a percentage."""
    if rate["percent"] is None:
        return f"{rate['numerator']}/{rate['denominator']}"
    low, high = rate["interval"]
    return f"{rate['percent']} % ({low}-{high})"
