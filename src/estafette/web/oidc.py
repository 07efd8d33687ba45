"""Log-in by a provider: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636), state and nonce."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from estafette.base.clock import Clock
from estafette.base.errors import Fault
from estafette.base.log import get
from estafette.base.seal import Keyring, SealBroken
from estafette.config.schema import Oidc
from estafette.tenancy.oidc import Vouched

#: Signatures by keys that the provider publishes; "none" and shared secrets prove nothing here.
ALGORITHMS = ["RS256", "PS256", "ES256", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512"]
#: Seconds within which a log-in comes back, and by which two clocks may differ.
LASTS = 600.0
LEEWAY = 60.0
REMEMBERED = 3600.0
_PURPOSE = "oidc"
_MOST = 256 * 1024
_WITHIN = 10
_log = get("web.oidc")


class OidcFailed(Fault):
    """The log-in cannot be believed, or the provider does not answer. cause says why, for the log only."""

    code = "oidc_failed"

    def __init__(self, cause: str) -> None:
        super().__init__(cause, place="oidc", fix="try again; the operator's log says why")


class _Begun(msgspec.Struct, frozen=True):
    """What the browser keeps, sealed, until it comes back."""

    provider: str
    state: str
    nonce: str
    verifier: str
    until: float


class Provider:
    """One provider of the settings. What it publishes is remembered for an hour."""

    def __init__(self, name: str, settings: Oidc, keyring: Keyring, clock: Clock) -> None:
        self.name = name
        self._settings = settings
        self._keyring = keyring
        self._clock = clock
        self._document: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._due = 0.0

    async def begin(self, redirect_uri: str) -> tuple[str, str]:
        """Return where the browser goes, and the cookie that it brings back."""
        document = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code", "client_id": self._settings.client_id, "redirect_uri": redirect_uri,
            "scope": "openid email profile", "state": state, "nonce": nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        begun = _Begun(self.name, state, nonce, verifier, self._clock.now() + LASTS)
        sealed = self._keyring.seal(_PURPOSE, msgspec.json.encode(begun))
        endpoint = _endpoint(document, "authorization_endpoint")
        joint = "&" if "?" in endpoint else "?"
        return f"{endpoint}{joint}{urlencode(asked)}", base64.urlsafe_b64encode(sealed).decode()

    async def finish(self, cookie: str, state: str, code: str, redirect_uri: str) -> Vouched:
        """Return for whom the provider vouches; OidcFailed."""
        begun = self._begun(cookie, state)
        document = await self._discovered()
        tokens = await self._exchange(document, code, begun.verifier, redirect_uri)
        claims = await self._claims(str(tokens.get("id_token", "")), begun.nonce)
        if "email" not in claims and "userinfo_endpoint" in document:
            access = {"Authorization": f"Bearer {tokens.get('access_token', '')}"}
            more = await _json("GET", _endpoint(document, "userinfo_endpoint"), headers=access)
            # Section 5.3.2: the answer of another subject must not be used.
            claims = {**more, **claims} if more.get("sub") == claims["sub"] else claims
        return Vouched(
            issuer=self._settings.issuer,
            subject=str(claims["sub"])[:255],
            email=str(claims.get("email", ""))[:320],
            email_verified=claims.get("email_verified") is True,
        )

    def _begun(self, cookie: str, state: str) -> _Begun:
        try:
            sealed = base64.urlsafe_b64decode(cookie[:4000])
            begun = msgspec.json.decode(self._keyring.open(_PURPOSE, sealed), type=_Begun)
        except (ValueError, SealBroken, msgspec.DecodeError):
            raise OidcFailed("the log-in was not begun in this browser") from None
        if begun.provider != self.name or not hmac.compare_digest(begun.state.encode(), state.encode()):
            raise OidcFailed("the state is not the one that was sent")
        if begun.until <= self._clock.now():
            raise OidcFailed("the log-in took too long")
        return begun

    async def _discovered(self) -> dict[str, Any]:
        if self._clock.monotonic() >= self._due or not self._document:
            place = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            document = await _json("GET", place)
            # OpenID Connect Discovery 1.0, 4.3.
            if document.get("issuer") != self._settings.issuer:
                raise OidcFailed("the provider's document names another issuer")
            self._document, self._keys = document, None
            self._due = self._clock.monotonic() + REMEMBERED
        return self._document

    async def _exchange(self, document: dict[str, Any], code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        settings = self._settings
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri,
            "client_id": settings.client_id, "code_verifier": verifier,
        }  # fmt: skip
        headers = {}
        if "client_secret_post" in document.get("token_endpoint_auth_methods_supported", ()):
            form["client_secret"] = settings.client_secret
        elif settings.client_secret:
            # RFC 6749, 2.3.1: both parts are form-encoded first.
            pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return await _json("POST", _endpoint(document, "token_endpoint"), data=form, headers=headers)

    async def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token that is signed, fresh, for us and for this log-in (Core, 3.1.3.7)."""
        claims = await self._signed(token)
        now, audience = self._clock.now(), claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        wrong = {
            "issuer": claims.get("iss") != self._settings.issuer,
            "audience": self._settings.client_id not in audiences,
            "authorized party": claims.get("azp", self._settings.client_id) != self._settings.client_id,
            "end": not _number(claims.get("exp")) or claims["exp"] + LEEWAY <= now,
            "beginning": not _number(claims.get("iat")) or claims["iat"] - LEEWAY > now,
            "nonce": not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()),
            "subject": not isinstance(claims.get("sub"), str) or not claims["sub"],
        }
        found = [name for name, is_wrong in wrong.items() if is_wrong]
        if found:
            raise OidcFailed(f"the ID token has a wrong {', '.join(found)}")
        return claims

    async def _signed(self, token: str) -> dict[str, Any]:
        for fresh in (False, True):
            # A provider that changed its keys since is asked once more.
            keys = await self._published(fresh=fresh)
            try:
                return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError) as error:
                cause = str(error)[:200]
        raise OidcFailed(f"the ID token is not signed by the provider: {cause}")

    async def _published(self, *, fresh: bool) -> KeySet:
        if self._keys is None or fresh:
            found = await _json("GET", _endpoint(await self._discovered(), "jwks_uri"))
            try:
                self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]  # checked by the library itself
            except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise OidcFailed(f"the provider's keys cannot be read: {error}") from None
        return self._keys


async def _json(method: str, url: str, **more: Any) -> dict[str, Any]:
    """Return the JSON object that a provider answers; OidcFailed."""
    # Most services have no provider: the client is loaded by the first log-in.
    import aiohttp

    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_WITHIN)) as client,
            client.request(method, url, allow_redirects=False, **more) as answer,
        ):
            body = await answer.content.read(_MOST)
            if answer.status != 200:
                raise OidcFailed(f"the provider answers {answer.status}")
            found = msgspec.json.decode(body)
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OidcFailed(f"the provider does not answer: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise OidcFailed("the provider answers something else")
    return found


def _endpoint(document: dict[str, Any], name: str) -> str:
    url = str(document.get(name, ""))
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise OidcFailed(f"the provider's {name} is not https")
    return url


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
