"""``estafette queue``: mail that waits, and the operator's hand on it."""

from __future__ import annotations

import getpass
import time
from typing import Any

import msgspec
from cyclopts import App, Parameter

from estafette.base.errors import Fault
from estafette.cli import output
from estafette.cli.call import Usage, call
from estafette.cli.opening import audited, message_id, tenant_id, with_store
from estafette.model.rule import Filter, Rule, RuleKind
from estafette.relay import lane_report
from estafette.store.open import Store, folder_of
from estafette.web import shapes

app = App(name="queue", help="Mail that waits: look, retry, hold, release, cancel, purge.")

COLUMNS = ("id", "recipient", "site", "tenant", "attempts", "due", "last")


@Parameter(name="*")
class Selection:
    """The filters that every queue verb shares; all given ones must match."""

    def __init__(
        self,
        *,
        tenant: str = "",
        domain: str = "",
        site: str = "",
        from_domain: str = "",
        campaign: str = "",
        recipient: str = "",
        id: str = "",  # noqa: A002 - the contract's word
    ) -> None:
        message, number = message_id(id) if id else (0, 0)
        self.filter = Filter(
            tenant=tenant_id(tenant) if tenant else "",
            domain=domain.lower(),
            site=site.lower(),
            from_domain=from_domain.lower(),
            campaign=campaign,
            recipient=recipient,
            message=message,
            number=number,
        )


@app.command(name="list")
def list_(selection: Selection | None = None, *, limit: int = 100, after: str = "") -> None:
    """List waiting recipients, oldest message first. after: the "next" of the page before."""
    page = with_store(
        lambda store: store.spool.find(
            _filter(selection), after=message_id(after) if after else None, limit=min(limit, 1000)
        )
    )
    following = shapes.recipient_id(*page.next) if page.next else None
    output.listing((shapes.delivery(item) for item in page.items), COLUMNS, following)


@app.command
def show(id: str = "", /, selection: Selection | None = None, *, limit: int = 100) -> None:  # noqa: A002
    """Say why mail waits, by which rule, until when."""
    chosen = Selection(id=id).filter if id else _filter(selection)

    async def look(store: Store) -> tuple[list[dict[str, Any]], str | None]:
        rules = list(await store.spool.rules())
        page = await store.spool.find(chosen, limit=limit)
        now = time.time()
        lanes = lane_report.read(folder_of(call.settings.store.url), now)
        rows = [{**shapes.delivery(item), "waiting": shapes.waiting(item, rules, now, lanes)} for item in page.items]
        return rows, shapes.recipient_id(*page.next) if page.next else None

    rows, following = with_store(look)
    if id and not rows:
        raise Fault(f"nothing of {id} waits", place=id, fix="estafette message show tells how it ended")
    if id and "." in id:
        output.resource(rows[0])
    else:
        told = rows if call.json else [{**row, **row["waiting"]} for row in rows]
        output.listing(told, ("id", "recipient", "rule", "until", "why"), following)


@app.command
def retry(selection: Selection | None = None, *, all: bool = True) -> None:  # noqa: A002
    """Make matching mail due now; without a filter, all of it."""
    chosen = _filter(selection, everything=all)
    count = with_store(lambda store: store.spool.requeue(chosen, time.time()))
    audited("queue.retry", chosen, f"{count} recipients")
    output.resource({"retried": count})


@app.command
def hold(selection: Selection | None = None, *, reason: str = "", all: bool = False) -> None:  # noqa: A002
    """Keep matching mail, waiting and to come, until it is released."""
    _rule("hold", _filter(selection, everything=all), reason)


@app.command
def release(selection: Selection | None = None, *, all: bool = True) -> None:  # noqa: A002
    """Lift the holds that lie within the filter, a restore's among them; without a filter, all of it."""
    chosen = _filter(selection, everything=all)
    count = with_store(lambda store: store.spool.remove_rules("hold", chosen))
    audited("queue.release", chosen, f"{count} rules")
    output.resource({"released": count})


@app.command
def cancel(selection: Selection | None = None, *, reason: str = "", all: bool = False) -> None:  # noqa: A002
    """End matching mail that waits now as failed (cancelled), with an event each."""
    _rule("cancel", _filter(selection, everything=all), reason, past=True)


@app.command
def purge(selection: Selection | None = None, *, reason: str = "", all: bool = False) -> None:  # noqa: A002
    """End matching mail that waits now, and remove its content."""
    _rule("purge", _filter(selection, everything=all), reason, past=True)


def _filter(selection: Selection | None, *, everything: bool = True) -> Filter:
    chosen = selection.filter if selection is not None else Filter()
    if chosen == Filter() and not everything:
        raise Usage("no filter was given", place="estafette queue", fix="name a filter, or --all for everything")
    return chosen


def _rule(kind: RuleKind, chosen: Filter, reason: str, *, past: bool = False) -> None:
    async def add(store: Store) -> Rule:
        now = time.time()
        meant = msgspec.structs.replace(chosen, born_before=now) if past else chosen
        rule = Rule(id=store.mint.next(), kind=kind, filter=meant, reason=reason, created=now, by=getpass.getuser())
        await store.spool.add_rule(rule)
        return rule

    rule = with_store(add)
    audited(f"queue.{kind}", chosen, reason)
    output.resource(shapes.rule(rule))
