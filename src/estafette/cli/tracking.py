"""``estafette tracking``: what opens and clicks were judged as, and would be by now."""

from __future__ import annotations

import time
from datetime import datetime

from cyclopts import App

from estafette.cli import output
from estafette.cli.call import Usage, call
from estafette.cli.opening import with_store
from estafette.relay.hit_review import HitReview, Review
from estafette.runtime.countries import countries
from estafette.runtime.lists import lists_of
from estafette.store.open import Store

app = App(name="tracking", help="What opens and clicks were judged as, and would be by now.")


@app.command
def recompute(*, since: str = "", apply: bool = False) -> None:
    """Judge the hits that are still kept again, and compare: after a release whose classifier changed.

    Parameters
    ----------
    since
        Only hits from this moment on (RFC 3339); empty: all that are kept (retention.hits).
    apply
        Also log corrections, so that the statistics follow.
    """
    settings = call.settings.tracking
    start = _moment(since) if since else 0.0

    async def review(store: Store) -> Review:
        look = HitReview(
            hits=store.hits, history=store.history, spool=store.spool, lists=lists_of(settings.networks_file),
            country=countries(settings.country_file),
        )  # fmt: skip
        return await look.run(start, time.time(), apply=apply)

    output.resource({**with_store(review).document(), "applied": apply})


def _moment(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Usage(str(error), place="--since", fix="write it as 2027-01-31T12:00:00Z") from None
    if found.tzinfo is None:
        raise Usage("the time has no zone", place="--since", fix="write it as 2027-01-31T12:00:00Z")
    return found.timestamp()
