"""What a reply means: the one classifier for replies of a session and for what reports quote."""

from __future__ import annotations

from functools import lru_cache

from estafette.smtp.classification.rule import Classification
from estafette.smtp.classification.rulebook import shipped
from estafette.smtp.classification.wording import LONGEST

#: Replies that are remembered: a busy site says the same thing to thousands. Usually 2 MB; 16 when each text is as long
#: as it may be and of the widest letters.
_REMEMBERED = 4096


def classify(code: int, enhanced: str = "", text: str = "", phase: str = "") -> Classification:
    """Return what a reply means, by the rules of this release; see ``RuleBook.classify``. Never raises."""
    return _remembered(code, enhanced[:16], text[:LONGEST], phase)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(code: int, enhanced: str, text: str, phase: str) -> Classification:
    return shipped().classify(code, enhanced, text, phase)
