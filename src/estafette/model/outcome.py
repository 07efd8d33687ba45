"""An outcome: what we conclude from one attempt for one recipient."""

from __future__ import annotations

from typing import Literal

import msgspec

from estafette.model.event import Reply, Step

Verdict = Literal["delivered", "sent", "deferred", "bounced", "failed", "rejected", "unknown"]
Phase = Literal["dns", "connect", "greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot", "local"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one attempt for one delivery.

    verdict: ``unknown`` = the connection was lost after the final dot; it is retried late with the same Message-ID;
    ``rejected`` = refused by ourselves before any attempt.
    retry_after: seconds named by the peer ("try again in N"), None when it named none.
    site_failure: True when the trouble is the site's (connect, greeting, EHLO, TLS), never the recipient's.
    attempted: False when nothing was tried (suspended, held, no free source); such an outcome spends no attempt.
    category, scope, rule: what the reply means, as ``Event`` has them; "" where nothing was said.
    """

    message: int
    number: int
    verdict: Verdict
    reply: Reply | None = None
    reason: str = ""
    phase: Phase = "dot"
    site: str = ""
    source: str = ""
    retry_after: float | None = None
    site_failure: bool = False
    attempted: bool = True
    steps: tuple[Step, ...] = ()
    category: str = ""
    scope: str = ""
    rule: str = ""
