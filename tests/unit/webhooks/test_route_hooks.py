from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from estafette.base.errors import Fault
from estafette.base.seal import Keyring, SealBroken
from estafette.model.route import Route
from estafette.webhooks import keys
from estafette.webhooks.keys import Key, Keys
from estafette.webhooks.route_hooks import KEEP, RouteHooks
from estafette.webhooks.targets import Targets

NOW = 1_700_000_000.0
ROUTE = Route(id="R", tenant="a", domain="a.test", pattern="info", way="webhook")
URL = "https://shop.a.test/in"


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring.create(tmp_path / "keyring")


@pytest.fixture
def hooks(keyring: Keyring) -> RouteHooks:
    return RouteHooks(Targets(), keyring, lambda: NOW)


def test_a_secret_is_made_once_and_opens_for_its_route_alone(hooks: RouteHooks, keyring: Keyring) -> None:
    made = hooks.hook(ROUTE, URL, fresh=False)
    assert made.secret.startswith("whsec_")
    assert keys.opened(keyring, "R", made.sealed) == Keys((Key(made.secret),))
    with pytest.raises(SealBroken):
        keys.opened(keyring, "S", made.sealed)
    again = hooks.hook(replace(ROUTE, target=URL, sealed=made.sealed), "https://new.a.test/", fresh=False)
    assert (again.url, again.secret) == ("https://new.a.test/", "")
    assert keys.opened(keyring, "R", again.sealed).good(NOW) == [made.secret]


def test_a_fresh_one_signs_beside_the_old_one_for_a_day(hooks: RouteHooks, keyring: Keyring) -> None:
    made = hooks.hook(ROUTE, URL, fresh=False)
    fresh = hooks.hook(replace(ROUTE, target=URL, sealed=made.sealed), URL, fresh=True)
    held = keys.opened(keyring, "R", fresh.sealed)
    assert held.good(NOW) == [fresh.secret, made.secret]
    assert held.good(NOW + KEEP) == [fresh.secret]


def test_user_and_password_follow_the_address_they_stood_in(hooks: RouteHooks, keyring: Keyring) -> None:
    made = hooks.hook(ROUTE, "https://ann:pw@shop.a.test/in", fresh=False)
    kept = replace(ROUTE, target=made.url, sealed=made.sealed)
    assert made.url == URL
    same = hooks.hook(kept, URL, fresh=True)
    other = hooks.hook(kept, "https://elsewhere.test/", fresh=False)
    found = [keys.opened(keyring, "R", each.sealed).authorization for each in (made, same, other)]
    assert found == ["Basic YW5uOnB3", "Basic YW5uOnB3", ""]


@pytest.mark.parametrize("url", ["", "http://shop.a.test/", "https://127.0.0.1/", "https://shop.a.test:22/", "x\0"])
def test_what_may_not_be_called_is_named(hooks: RouteHooks, url: str) -> None:
    with pytest.raises(Fault) as caught:
        hooks.hook(ROUTE, url, fresh=False)
    assert caught.value.place == "target"
