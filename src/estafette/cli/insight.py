"""``estafette insight``: what the numbers of a tenant mean, and what is far from its own past."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from cyclopts import App

from estafette.cli import output
from estafette.cli.call import Usage, call
from estafette.cli.opening import control, office, tenant_id, with_store
from estafette.model.user import Language
from estafette.reporting import alerts as episodes
from estafette.reporting import telling

if TYPE_CHECKING:
    from estafette.reporting.insight import Insight

T = TypeVar("T")

app = App(name="insight", help="What the numbers of a tenant mean.")


@app.command
def waterfall(*, tenant: str, campaign: str = "", tag: str = "", language: Language = "en") -> None:
    """Show the way from all hits of a campaign or a tag to those of people."""
    if bool(campaign) == bool(tag):
        raise Usage("name a campaign or a tag", place="--campaign", fix="--campaign NAME or --tag NAME")
    label: Literal["campaign", "tag"] = "campaign" if campaign else "tag"
    owner = tenant_id(tenant)
    found = _asked(lambda insight: insight.mailing(owner, label, campaign or tag, time.time()))
    output.resource(telling.mailing(found, language))


@app.command
def providers(*, tenant: str, language: Language = "en") -> None:
    """Show how providers took the mail of the last seven days, beside the seven before."""
    owner = tenant_id(tenant)
    found = telling.report(_asked(lambda insight: insight.providers(owner, time.time())), language)
    if call.json:
        output.document(found)
        return
    output.listing(
        [_row(each) for each in found["items"]], ("provider", "accepted", "before", "deferred", "p50", "p95")
    )
    for each in found["items"]:
        for said in each["deferral_replies"]:
            print(f"\n{each['provider']}: {said['count']} x {said['words']}\n  {output.plain(said['sample'])}")
    changes = [each["words"] for each in found["changes"]]
    changes += [f"{each['provider']}: {own['words']}" for each in found["items"] for own in each["changes"]]
    for words in changes:
        print(f"changed: {output.plain(words)}")


@app.command
def suggestions(*, tenant: str, language: Language = "en") -> None:
    """Show at most three things to change next, each with its evidence."""
    owner = tenant_id(tenant)
    found = _asked(lambda insight: insight.suggestions(owner, time.time()))
    told = [telling.advice(each, language) for each in found]
    if call.json:
        output.document({"items": told, "next": None})
        return
    for each in told:
        print("\n".join(output.plain(each[name]) for name in ("title", "why", "effect", "act")), end="\n\n")


@app.command
def alerts(
    *, tenant: str, lasting: bool | None = None, language: Language = "en", limit: int = 100, after: str = ""
) -> None:
    """List what was far from the tenant's own past, newest first.

    lasting: only those that last, with --no-lasting only those that are over.
    """
    from estafette.store.interface.page import Page

    with office() as room:
        found = episodes.list_all(room, tenant, language, lasting=lasting, page=Page(limit=limit, after=after))
        output.page(found, ("begun", "ended", "kind", "words"))


def _asked(question: Callable[[Insight], Awaitable[T]]) -> T:
    """Put a question to the insight over the open stores."""
    from estafette.reporting.insight import Insight

    with control() as tables:
        return with_store(lambda store: question(Insight(store.statistics, store.history, tables)))


def _row(provider: dict[str, Any]) -> dict[str, Any]:
    now = provider["now"]
    return {
        "provider": provider["provider"], "accepted": now["accepted"], "before": provider["before"]["accepted"],
        "deferred": now["deferred"], **now["time_to_250"],
    }  # fmt: skip
