"""What is wrong with a letter, raised where it is found; becomes the ``Trouble`` of its result."""

from __future__ import annotations

from estafette.base.errors import EstafetteError, Refusal
from estafette.model.placement import Trouble

#: Rules by which a caller sends more than it may: the same may succeed later.
TOO_MUCH = frozenset({"quota", "credential_rate", "queue_bytes"})
_STATUS = {"5.3.4": 413, "5.7.1": 403, "5.7.0": 403, "4.2.2": 429}


class Wrong(EstafetteError):
    """A letter that cannot be taken, and why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.detail)
        self.trouble = trouble


def wrong(code: str, detail: str, fix: str, field: str = "", status: int = 422) -> Wrong:
    """Return what is to be raised."""
    return Wrong(
        Trouble(status=status, code=code, detail=f"{field}: {detail}" if field else detail, fix=fix, field=field)
    )


def of_refusal(refusal: Refusal, field: str = "") -> Trouble:
    """Translate what the gate said."""
    status = 429 if refusal.rule in TOO_MUCH else _STATUS.get(refusal.enhanced, 503 if refusal.temporary else 422)
    return Trouble(
        status=status,
        code=refusal.rule or "refused",
        detail=f"{refusal.code} {refusal.enhanced} {refusal.public}",
        fix="try again later" if refusal.temporary else "change the request; the rule's name is in code",
        field=field,
        retry_after=refusal.retry_after,
    )
