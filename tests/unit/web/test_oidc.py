"""ID tokens that lie: every claim that must hold is tried wrong, over real signatures."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from tests.unit.web.asgi import call

from estafette.base.seal import Keyring
from estafette.config.schema import Oidc
from estafette.runtime.clock import SystemClock
from estafette.tenancy import plans, tenants, users
from estafette.tenancy.oidc import Vouched
from estafette.tenancy.permissions import Actor
from estafette.web import oidc
from estafette.web.app import create_app
from estafette.web.oidc import OidcFailed, Provider

ISSUER = "https://id.example"
BACK = "https://mail.example/login/with/x/back"
KEY = RSAKey.generate_key(2048, {"kid": "1", "alg": "RS256", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "1", "alg": "RS256", "use": "sig"})


class Far:
    """What the provider answers; its ID token is made of the claims of a test."""

    def __init__(self):
        self.document = {
            "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/auth", "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        }  # fmt: skip
        self.token = ""
        self.asked = {}

    async def json(self, _method, url, **more):
        if url.endswith("openid-configuration"):
            return self.document
        if url.endswith("/keys"):
            return {"keys": [KEY.as_dict(private=False)]}
        self.asked = more["data"]
        return {"id_token": self.token, "access_token": "x"}


@pytest.fixture
def far(monkeypatch):
    made = Far()
    monkeypatch.setattr(oidc, "_json", made.json)
    return made


@pytest.fixture
def provider(tmp_path):
    keyring = Keyring.create(tmp_path / "keyring")
    return Provider("x", Oidc(issuer=ISSUER, client_id="us", client_secret="s"), keyring, SystemClock())


async def begun(provider):
    place, cookie = await provider.begin(BACK)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}
    return asked, cookie


def claims(asked, **changed):
    now = int(time.time())
    good = {
        "iss": ISSUER, "aud": "us", "sub": "7", "exp": now + 300, "iat": now, "nonce": asked["nonce"],
        "email": "a@company.example", "email_verified": True,
    }  # fmt: skip
    return {name: value for name, value in (good | changed).items() if value is not None}


async def test_a_true_token_vouches(provider, far):
    asked, cookie = await begun(provider)
    far.token = jwt.encode({"alg": "RS256", "kid": "1"}, claims(asked), KEY)
    vouched = await provider.finish(cookie, asked["state"], "c", BACK)
    assert (vouched.subject, vouched.email, vouched.email_verified) == ("7", "a@company.example", True)
    assert len(far.asked["code_verifier"]) >= 43


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"}, {"aud": "them"}, {"aud": ["them"]}, {"aud": None}, {"azp": "them"},
        {"exp": 1}, {"exp": None}, {"exp": True}, {"iat": 9_999_999_999}, {"nonce": "old"}, {"nonce": None},
        {"sub": None}, {"sub": ""}, {"sub": 7},
    ],
)  # fmt: skip
async def test_a_wrong_claim_is_believed_by_nobody(provider, far, wrong):
    asked, cookie = await begun(provider)
    far.token = jwt.encode({"alg": "RS256", "kid": "1"}, claims(asked, **wrong), KEY)
    with pytest.raises(OidcFailed):
        await provider.finish(cookie, asked["state"], "c", BACK)


async def test_another_signature_none_or_a_shared_secret_is_no_signature(provider, far):
    asked, cookie = await begun(provider)
    forged = jwt.encode({"alg": "RS256", "kid": "1"}, claims(asked), OTHER)
    # The provider's public key, which everybody has, taken as a shared secret.
    shared = OctKey.import_key(KEY.as_pem(private=False).replace(b"-----", b""))
    hashed = jwt.encode({"alg": "HS256", "kid": "1"}, claims(asked), shared)
    bare = ".".join(["eyJhbGciOiJub25lIn0", forged.split(".")[1], ""])
    for token in (forged, hashed, bare, "", "a.b.c", forged[:-6] + "AAAAAA"):
        far.token = token
        with pytest.raises(OidcFailed):
            await provider.finish(cookie, asked["state"], "c", BACK)


async def test_only_the_browser_that_began_may_finish(provider, far, tmp_path):
    asked, cookie = await begun(provider)
    other, _ = await begun(provider)
    far.token = jwt.encode({"alg": "RS256", "kid": "1"}, claims(asked), KEY)
    for held, state in (("", asked["state"]), ("AAAA", asked["state"]), (cookie, other["state"]), (cookie, "")):
        with pytest.raises(OidcFailed):
            await provider.finish(held, state, "c", BACK)
    stranger = Provider("y", Oidc(issuer=ISSUER, client_id="us"), Keyring.load(tmp_path / "keyring"), SystemClock())
    with pytest.raises(OidcFailed):
        await stranger.finish(cookie, asked["state"], "c", BACK)


@pytest.mark.parametrize(
    "wrong", [{"issuer": "https://evil.example"}, {"token_endpoint": "http://id.example/token"}, {"jwks_uri": ""}]
)
async def test_a_document_of_another_issuer_or_in_the_clear_is_refused(provider, far, wrong):
    asked, cookie = await begun(provider)
    far.document.update(wrong)
    provider._document = {}
    far.token = jwt.encode({"alg": "RS256", "kid": "1"}, claims(asked), KEY)
    with pytest.raises(OidcFailed):
        await provider.finish(cookie, asked["state"], "c", BACK)


async def test_the_page_says_that_the_plan_does_not_open_this_log_in(world, monkeypatch):
    office = world.services.office(Actor(kind="cli", id="", name="test"))
    plans.create(office, "small", features=("domains=9",))
    tenants.update(office, "acme", plan="small")
    users.create(office, "acme", "a@company.example", "reader", language="en")
    world.services.settings.oidc["x"] = Oidc(issuer=ISSUER, client_id="us")

    async def finish(*_words):
        return Vouched(issuer=ISSUER, subject="7", email="a@company.example", email_verified=True)

    monkeypatch.setattr(Provider, "finish", finish)
    app = create_app(world.services)
    answer = await call(app, "GET", "/login/with/x/back?code=c&state=s", headers={"Accept-Language": "fr"})
    assert (answer.status, "forfait" in answer.body.decode()) == (403, True)
    plans.update(office, "small", features=("domains=9", "oidc"))
    answer = await call(app, "GET", "/login/with/x/back?code=c&state=s")
    assert (answer.status, answer.headers["location"]) == (303, "/account")
