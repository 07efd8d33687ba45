"""Tokens of the paths, read; those that many recipients share are remembered."""

from __future__ import annotations

from estafette.base.seal import Keyring
from estafette.tracking.token import LinkKind, Target, read
from estafette.web.public.answers import Scope

#: Shared tokens remembered. Above it all are forgotten: one campaign has some dozen.
REMEMBERED = 4_096
#: Octets before the token in ``/c/TOKEN``.
_BEFORE = 3


class Tokens:
    """Of one process."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._shared: dict[str, Target] = {}

    def target(self, scope: Scope, kind: LinkKind) -> Target | None:
        """Return what a path's token says; None when we did not write it, or wrote it for another path."""
        token = scope["path"][_BEFORE:]
        target = self._shared.get(token) or self._read(token)
        return target if target is not None and target.kind == kind else None

    def _read(self, token: str) -> Target | None:
        target = read(self._keyring, token)
        if target is not None and target.aggregate:
            if len(self._shared) >= REMEMBERED:
                self._shared.clear()
            self._shared[token] = target
        return target
