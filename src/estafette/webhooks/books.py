"""What was made since the last settlement, and what follows from it for the tables and for the webhooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from estafette.model.webhook import Call, LogReader, RoutedWebhook
from estafette.store.interface.webhooks import Settlement
from estafette.webhooks.outlet import Made, Outlet

#: Successes of a webhook that one settlement logs when they have no row yet: the newest of a crowd say as much as all.
LOGGED = 100


class Ill(msgspec.Struct, frozen=True):
    """A webhook that is to be disabled. why: ``gone`` or ``failing``."""

    outlet: Outlet
    why: str


class Books:
    """Gathers; ``close`` hands over. disable_after: seconds of failures alone."""

    def __init__(self, disable_after: float) -> None:
        self._disable_after = disable_after
        self._made: list[Made] = []

    def note(self, made: Made) -> None:
        """Take down what was made."""
        self._made.append(made)

    def open_ids(self) -> set[tuple[str, str]]:
        """Return (webhook, id) of the calls whose rows do not say yet what became of them."""
        return {(each.call.webhook, each.call.id) for each in self._made if each.stored}

    def close(
        self, outlets: Mapping[str, Outlet], rows: Sequence[Call], readers: Sequence[LogReader],
        finished: Sequence[str], now: float,
    ) -> tuple[Settlement | None, list[Ill]]:  # fmt: skip
        """Return what is to be written, None for nothing, and which webhooks are ill.

        rows: further calls to write. readers, finished: as in ``Settlement``.
        """
        made, self._made = self._made, []
        failing, ill = _health(outlets, made, now, self._disable_after)
        calls = [*(_logged(call, outlets) for call in _worth(made)), *rows]
        ended = {each.call.chain for each in made if each.stored and each.call.state != "pending"}
        if not (calls or readers or finished or failing):
            return None, ill
        settlement = Settlement(now=now, calls=calls, ended=ended, readers=readers, finished=finished, failing=failing)
        return settlement, ill


def _worth(made: Sequence[Made]) -> list[Call]:
    """Return the calls that are written, the last state of each: successes without a row only while they are few."""
    plain = Counter(each.call.webhook for each in made if each.call.state == "done" and not each.stored)
    kept: dict[tuple[str, str], Call] = {}
    for each in made:
        call = each.call
        if call.state == "done" and not each.stored:
            plain[call.webhook] -= 1
            if plain[call.webhook] >= LOGGED:
                continue
        kept[call.webhook, call.id] = call
    return list(kept.values())


def _logged(call: Call, outlets: Mapping[str, Outlet]) -> Call:
    """Return a call as it is written: mail that came in rests in the spool for its own time, and here no longer."""
    outlet = outlets.get(call.webhook)
    if call.state == "pending" or outlet is None or not isinstance(outlet.webhook, RoutedWebhook):
        return call
    return msgspec.structs.replace(call, body=b"")


def _health(
    outlets: Mapping[str, Outlet], made: Sequence[Made], now: float, disable_after: float
) -> tuple[dict[str, float], list[Ill]]:
    """Return since when webhooks fail, as far as it changed, and those that are ill; outlets learn of the former."""
    changed: dict[str, float] = {}
    ill: dict[str, Ill] = {}
    for each in made:
        outlet = outlets.get(each.call.webhook)
        if outlet is None or each.outcome is None:
            continue
        failing, verdict = outlet.webhook.failing, each.outcome.verdict
        since = 0.0 if verdict == "done" else failing or now
        if since != failing:
            outlet.webhook = msgspec.structs.replace(outlet.webhook, failing=since)
            changed[outlet.webhook.id] = since
        if verdict == "gone" or (since and now - since >= disable_after):
            ill[outlet.webhook.id] = Ill(outlet, "gone" if verdict == "gone" else "failing")
    return changed, list(ill.values())
