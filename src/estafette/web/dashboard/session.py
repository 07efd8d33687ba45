"""Who looks at the page: a signed cookie, won by user and password or by a link that works once."""

from __future__ import annotations

import base64
import binascii
import secrets

from starlette.requests import Request
from starlette.responses import Response

from estafette.base.seal import Keyring
from estafette.model.credential import Identity
from estafette.store.open import folder_of
from estafette.web.dashboard.links import UsedLinks
from estafette.web.services import Services

COOKIE = "estafette"
LASTS = 12 * 3600.0
LINK_LASTS = 3600.0
_TAG = 17


def token(keyring: Keyring, purpose: str, credential: str, until: float) -> str:
    """Return text that proves a credential until a moment (unix seconds). purpose: "session" or "link"."""
    data = f"{credential}|{int(until)}|{secrets.token_hex(8)}".encode()
    return base64.urlsafe_b64encode(keyring.mac(purpose, data, _TAG) + data).decode().rstrip("=")


def opened(keyring: Keyring, purpose: str, text: str, now: float) -> str | None:
    """Return the credential that ``token`` named; None when it is false or its time is over."""
    try:
        blob = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        tag, data = blob[:_TAG], blob[_TAG:]
        if not keyring.verify(purpose, data, tag):
            return None
        credential, until, _ = data.decode().split("|")
        return credential if float(until) > now else None
    except (ValueError, binascii.Error):
        return None


class Sessions:
    """Log-ins of the page; every web process of the service believes the same cookies and links."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def who(self, request: Request) -> Identity | None:
        """Return who looks, None when nobody has logged in."""
        text = request.cookies.get(COOKIE, "")[:500]
        services = self._services
        credential = opened(services.keyring, "session", text, services.clock.now())
        return services.directory.by_credential(credential) if credential else None

    def by_link(self, text: str) -> Identity | None:
        """Return who holds this one-time link, once."""
        services = self._services
        credential = opened(services.keyring, "link", text[:500], services.clock.now())
        used = UsedLinks(folder_of(services.settings.store.url) / "links")
        if credential is None or not used.take(text, services.clock.now()):
            return None
        return services.directory.by_credential(credential)

    def remember(self, response: Response, request: Request, identity: Identity) -> None:
        """Give the browser its cookie."""
        services = self._services
        value = token(services.keyring, "session", identity.credential, services.clock.now() + LASTS)
        response.set_cookie(
            COOKIE, value, int(LASTS), httponly=True, samesite="strict", secure=request.url.scheme == "https"
        )
