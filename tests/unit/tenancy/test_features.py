"""What plans open: every feature has an act that its absence refuses and its presence allows. The table is the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import Fault
from estafette.tenancy import (
    credentials,
    domains,
    features,
    invitations,
    keys,
    oidc,
    passwords,
    plans,
    senders,
    streams,
    templates,
    tenants,
    users,
)
from estafette.tenancy.features import NotInPlan
from estafette.tenancy.office import Office
from estafette.tenancy.oidc import Vouched
from estafette.tenancy.streams import Habits
from estafette.tenancy.template_text import Written
from estafette.webhooks import endpoints
from estafette.webhooks.endpoints import Wish
from estafette.webhooks.targets import Targets

_ANN = Vouched(issuer="https://id.example", subject="1", email="ann@acme.example", email_verified=True)
_numbers: Iterator[int] = count(1)


def _new(stem: str) -> str:
    return f"{stem}{next(_numbers)}"


#: What asks for a feature; each call asks for one more of it.
ACTS: dict[str, Callable[[Office], Any]] = {
    "dedicated-egress": lambda office: streams.update(office, "Acme", "bulk", Habits(egress="own")),
    "individual-tracking": lambda office: streams.update(office, "Acme", "bulk", Habits(tracking="individual")),
    "management-keys": lambda office: keys.create(office, "Acme", scopes=["read"]),
    "oidc": lambda office: oidc.user_of(office, _ANN),
    "sub-accounts": lambda office: tenants.create(office, _new("Client "), parent="Acme"),
    "credentials": lambda office: credentials.create(office, "Acme"),
    "domains": lambda office: domains.add(office, "Acme", _new("d") + ".example"),
    "retention-days": lambda office: streams.update(office, "Acme", "bulk", Habits(retention=2 * 86_400.0)),
    "senders": lambda office: senders.add(office, "Acme", _new("a") + "@free.example"),
    "streams": lambda office: streams.create(office, "Acme", _new("s"), "bulk"),
    "templates": lambda office: templates.create(office, "Acme", _new("t"), Written(text="hello")),
    "users": lambda office: invitations.create(office, "Acme", _new("u") + "@acme.example", "reader"),
    "webhooks": lambda office: endpoints.create(office, Targets(), "Acme", Wish(url="https://shop.example/")),
}
NAMES = sorted(features.shipped())
COUNTED = [name for name in NAMES if features.shipped()[name].counts]
CLOSED = [name for name in NAMES if features.shipped()[name].absent == "closed"]


@pytest.fixture
def held(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Acme has one member, Ann, and a plan of which nothing is said."""
    monkeypatch.setattr(passwords, "hashed", lambda *_words: "x")
    plans.create(office, "small")
    tenants.create(office, "Acme", plan="small")
    users.create(office, "Acme", "ann@acme.example", "owner")
    return office


def _refused(office: Office, name: str) -> NotInPlan:
    with pytest.raises(NotInPlan) as caught:
        ACTS[name](office)
    fault = caught.value
    assert name in fault.cause
    assert "plan small" in fault.cause
    assert features.shipped()[name].en in fault.cause
    assert "plan" in fault.fix
    assert fault.place
    assert fault.code == "not_in_plan"
    return fault


def test_every_feature_has_its_act() -> None:
    assert sorted(ACTS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_without_a_list_allows_everything(held: Office, name: str) -> None:
    ACTS[name](held)


@pytest.mark.parametrize("name", NAMES)
def test_no_plan_allows_everything(held: Office, name: str) -> None:
    plans.update(held, "small", features=("domains=0",))
    tenants.update(held, "Acme", plan="")
    ACTS[name](held)


@pytest.mark.parametrize("name", CLOSED)
def test_what_a_list_leaves_out_is_closed(held: Office, name: str) -> None:
    plans.update(held, "small", features=("domains=100",))
    _refused(held, name)
    plans.update(held, "small", features=("domains=100", name))
    ACTS[name](held)


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(CLOSED)))
def test_what_a_list_need_not_name_is_open(held: Office, name: str) -> None:
    plans.update(held, "small", features=("oidc",))
    ACTS[name](held)


@pytest.mark.parametrize("name", COUNTED)
def test_a_number_is_the_most(held: Office, name: str) -> None:
    plans.update(held, "small", features=(f"{name}=1",))
    if name not in {"users", "retention-days"}:  # Ann is one already; two days are more than one
        ACTS[name](held)
    _refused(held, name)
    plans.update(held, "small", features=(f"{name}=2",))
    ACTS[name](held)


def test_what_is_there_stays_when_the_plan_shrinks(held: Office) -> None:
    streams.update(held, "Acme", "bulk", Habits(egress="own", tracking="individual", retention=9 * 86_400.0))
    plans.update(held, "small", features=("retention-days=1",))
    changed = streams.update(held, "Acme", "bulk", Habits(tracking="individual", report_to="ops@acme.example"))
    assert (changed["egress"], changed["tracking"]) == ("own", "individual")
    shorter = streams.update(held, "Acme", "bulk", Habits(egress="default", tracking="off", retention=8 * 86_400.0))
    assert (shorter["egress"], shorter["tracking"], shorter["retention"]) == ("default", "off", 8 * 86_400.0)
    with pytest.raises(NotInPlan):
        streams.update(held, "Acme", "bulk", Habits(retention=9 * 86_400.0))


def test_what_has_ended_leaves_its_place(held: Office) -> None:
    plans.update(held, "small", features=("credentials=1", "users=2", "management-keys=1"))
    first = credentials.create(held, "Acme")
    credentials.revoke(held, str(first["id"]))
    credentials.create(held, "Acme")
    asked = invitations.create(held, "Acme", "bob@acme.example", "reader")
    _refused(held, "users")
    with pytest.raises(NotInPlan):
        users.create(held, "Acme", "carl@acme.example", "reader")
    invitations.revoke(held, "Acme", str(asked["id"]))
    users.create(held, "Acme", "carl@acme.example", "reader")
    key = keys.create(held, "Acme", scopes=["read"])
    keys.revoke(held, "Acme", str(key["id"]))
    keys.create(held, "Acme", scopes=["read"])


def test_one_account_with_the_log_in_is_enough(held: Office) -> None:
    plans.update(held, "small", features=("domains=1",))
    tenants.create(held, "Other")
    _refused(held, "oidc")
    users.create(held, "Other", "ann@acme.example", "reader")
    assert oidc.user_of(held, _ANN).email == "ann@acme.example"


@pytest.mark.parametrize(
    "wrong",
    [("gold",), ("oidc=1",), ("domains=",), ("domains=-1",), ("domains=many",), ("domains=9999999999",), ("",),
     ("domains", "domains=3"), ("Domains=3",), ("domains=²",)],
    ids=str,
)  # fmt: skip
def test_a_list_that_cannot_be(held: Office, wrong: tuple[str, ...]) -> None:
    with pytest.raises(Fault) as caught:
        plans.update(held, "small", features=wrong)
    assert caught.value.place == "features"
    assert plans.show(held, "small")["features"] == []


def test_a_plan_of_an_older_release_keeps_its_words_until_they_change(held: Office) -> None:
    plan = plans.find(held, "small")
    old = type(plan)(name="older", features=("inbound", "domains=1"))
    held.control.plans.add_plan(old, held.entry("plan.create", subject="older"))
    assert plans.update(held, "older", hourly=5)["features"] == ["inbound", "domains=1"]
    with pytest.raises(Fault, match="inbound"):
        plans.update(held, "older", features=("inbound",))


@given(st.text(max_size=40))
def test_any_word_is_a_feature_or_a_fault(text: str) -> None:
    try:
        features.check((text,))
    except Fault as fault:
        assert fault.place == "features"  # noqa: PT017  # either end is good
    else:
        assert text.partition("=")[0] in features.shipped()


def test_words_in_both_languages() -> None:
    for name, feature in features.shipped().items():
        assert feature.en
        assert feature.fr
        assert feature.en != feature.fr, name
