"""How a route's address is called: in the form of a webhook, so that all calls are signed and checked alike."""

from __future__ import annotations

from collections.abc import Callable

from estafette.base.seal import Keyring
from estafette.config.schema import Settings
from estafette.model.route import Route
from estafette.tenancy import forward_targets
from estafette.tenancy.routes import Hook, Ways
from estafette.webhooks import keys, targets
from estafette.webhooks.keys import Key, Keys
from estafette.webhooks.signature import new_secret
from estafette.webhooks.targets import BadTarget, Targets

#: Seconds for which a secret that was replaced still signs beside the new one.
KEEP = 86_400.0


class RouteHooks:
    """``tenancy.routes.Hooks``. now: unix seconds."""

    def __init__(self, targets: Targets, keyring: Keyring, now: Callable[[], float]) -> None:
        self._targets = targets
        self._keyring = keyring
        self._now = now

    def hook(self, route: Route, url: str, *, fresh: bool) -> Hook:
        """See ``Hooks``. A user and password in the address become the calls' ``Authorization``. BadTarget."""
        plain, authorization = keys.apart(url)
        try:
            self._targets.check(plain)
        except BadTarget as bad:
            bad.place = "target"
            raise
        held = keys.opened(self._keyring, route.id, route.sealed) if route.sealed else None
        if held is not None and plain == route.target:
            authorization = authorization or held.authorization
        old = held.keys[:1] if held is not None else ()
        if old and not fresh:
            return Hook(plain, self._sealed(route, Keys(old, authorization)), "")
        secret, until = new_secret(), self._now() + KEEP
        kept = tuple(Key(key.secret, until) for key in old)
        return Hook(plain, self._sealed(route, Keys((Key(secret), *kept), authorization)), secret)

    def _sealed(self, route: Route, held: Keys) -> bytes:
        return keys.seal(self._keyring, route.id, held)


def of_settings(settings: Settings, keyring: Keyring, now: Callable[[], float]) -> Ways:
    """Return where mail that comes in may go."""
    return Ways(forward_targets.of_settings(settings), RouteHooks(targets.of_settings(settings), keyring, now))
