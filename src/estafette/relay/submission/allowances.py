"""What limited credentials have sent in their running minute, hour and day."""

from __future__ import annotations

from collections.abc import Iterator

from estafette.base.errors import Refusal
from estafette.model.credential import Allowance
from estafette.store.interface.logins import Window
from estafette.tenancy.windows import Windows

_SPANS = ((60, "per_minute", "minute"), (3600, "per_hour", "hour"), (86400, "per_day", "day"))


class Allowances:
    """The limits of credentials over windows that all processes share; they begin at whole minutes, hours, days UTC."""

    def __init__(self) -> None:
        self.windows = Windows()

    def check(self, credential: str, allowance: Allowance, recipients: int, now: float) -> None:
        """Refuse recipients beyond a limit: 452 until the window ends, 550 when no window would take them."""
        for window, most, name in _windows(credential, allowance, now):
            spent = self.windows.total(window, now)
            if recipients > most:
                text = f"more recipients at once than this login may reach in a {name} ({most})"
                raise Refusal(550, "5.7.1", text, rule="credential_rate")
            if spent + recipients > most:
                raise Refusal(
                    452,
                    "4.7.1",
                    f"this login may reach {most} recipients a {name}; try again later",
                    rule="credential_rate",
                    retry_after=window[2] + window[1] - now,
                )

    def count(self, credential: str, allowance: Allowance, recipients: int, now: float) -> None:
        """Count recipients that were accepted."""
        for window, _, _ in _windows(credential, allowance, now):
            self.windows.add(window, recipients, now)


def _windows(credential: str, allowance: Allowance, now: float) -> Iterator[tuple[Window, int, str]]:
    for span, field, name in _SPANS:
        most = getattr(allowance, field)
        if most is not None:
            yield (credential, span, int(now // span) * span), most, name
