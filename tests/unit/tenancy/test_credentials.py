"""Credentials: user names, limits, ends, and what a tenant reads of failed log-ins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from estafette.base.errors import Fault, Refusal
from estafette.model.credential import Allowance
from estafette.relay.submission.allowances import Allowances
from estafette.relay.submission.login_notes import MOST, LoginNotes
from estafette.store.interface.logins import KEPT, LoginFailure
from estafette.store.interface.page import Page
from estafette.store.interface.records import AlreadyThere, Stale
from estafette.tenancy import credentials, domains, failures, proof, tenants
from estafette.tenancy.bounds import Bounds
from estafette.tenancy.office import NotFound, Office
from estafette.testing.clock import ManualClock

T0 = 1_700_000_000.0


@pytest.fixture
def acme(office: Office) -> str:
    made = tenants.create(office, "Acme")
    domains.add(office, "Acme", "acme.example")
    proof.verify(office, "acme.example")
    return made["id"]


def test_a_user_name_is_an_address_of_a_verified_domain(office: Office, directory, acme: str) -> None:
    made = credentials.create(office, acme, username="Anna@Acme.Example", senders=["anna@acme.example"])
    assert made["username"] == "anna@acme.example"
    directory.reload()
    assert directory.by_password("Anna@acme.example", made["password"].encode()).credential == made["id"]
    assert credentials.show(office, "ANNA@acme.example")["id"] == made["id"]
    with pytest.raises(AlreadyThere):
        credentials.create(office, acme, username="anna@acme.example")
    domains.add(office, acme, "pending.example")
    for wrong in ("anna@pending.example", "anna@other.example", "anna"):
        with pytest.raises(Fault):
            credentials.create(office, acme, username=wrong)


def test_limits_are_set_changed_and_lifted(office: Office, directory, acme: str) -> None:
    made = credentials.create(
        office,
        acme,
        limits=Bounds(
            per_day=10, message_recipients=2, recipients=["Test@X.example"], only_from=["192.0.2.0/24"],
            expires="2030-01-31T12:00:00+01:00",
        ),
    )  # fmt: skip
    assert (made["expires"], made["recipients"]) == ("2030-01-31T11:00:00Z", ["test@x.example"])
    directory.reload()
    held = directory.by_credential(made["id"])
    assert held.allowance == Allowance(per_day=10, message_recipients=2, recipients=("test@x.example",))
    assert (held.admits("192.0.2.9"), held.admits("198.51.100.1"), held.admits("x")) == (True, False, False)
    bare = Bounds(per_day=-1, message_recipients=-1, recipients=[], only_from=[], expires="")
    credentials.update(office, made["id"], limits=bare)
    directory.reload()
    held = directory.by_credential(made["id"])
    assert (held.allowance, held.expires, held.only_from) == (None, None, ())


@pytest.mark.parametrize(
    "limits",
    [
        Bounds(per_day=0),
        Bounds(per_hour=1 << 40),
        Bounds(expires="tomorrow"),
        Bounds(expires="2030-01-01"),
        Bounds(expires="2001-01-01T00:00:00Z"),
        Bounds(only_from=["192.0.2.1/24"]),
        Bounds(recipients=["no address"]),
    ],
)
def test_a_wrong_limit_is_named_and_nothing_is_made(office: Office, acme: str, limits: Bounds) -> None:
    with pytest.raises(Fault) as caught:
        credentials.create(office, acme, limits=limits)
    assert caught.value.place.startswith("--")
    assert credentials.list_all(office, acme)["items"] == []


def test_rotation_replaces_both_secrets(office: Office, directory, acme: str) -> None:
    made = credentials.create(office, acme)
    again = credentials.rotate(office, made["username"])
    directory.reload()
    assert directory.by_api_key(made["api_key"]) is None
    assert directory.by_password(made["username"], made["password"].encode()) is None
    assert directory.by_api_key(again["api_key"]).credential == made["id"]


def test_the_second_of_two_concurrent_changes_is_refused_whole(office: Office, acme: str) -> None:
    made = credentials.create(office, acme)
    seen = made["version"]
    first, second = (msgspec.structs.replace(office, expected=seen) for _ in range(2))
    credentials.update(first, made["id"], new_name="one")
    with pytest.raises(Stale):
        credentials.update(second, made["id"], new_name="two", senders=["acme.example"])
    shown = credentials.show(office, made["id"])
    assert (shown["name"], shown["senders"]) == ("one", [])


def test_an_ended_credential_stays_ended(office: Office, acme: str) -> None:
    made = credentials.create(office, acme)
    ended = credentials.revoke(office, made["id"])
    assert credentials.revoke(office, made["id"])["revoked"] == ended["revoked"]
    for act in (credentials.rotate, credentials.update):
        with pytest.raises(credentials.Revoked):
            act(office, made["id"])


def test_another_tenants_credential_is_not_there(office: Office, acme: str) -> None:
    tenants.create(office, "Other")
    made = credentials.create(office, acme)
    for act in (credentials.show, credentials.revoke, credentials.rotate, credentials.update):
        with pytest.raises(NotFound):
            act(office, made["id"], tenant="Other")
    credentials.create(office, acme, networks=["192.0.2.0/24"])
    with pytest.raises(Fault, match="another credential") as caught:
        credentials.create(office, "Other", networks=["192.0.2.0/24"])
    assert "acme" not in str(caught.value)


def test_lists_come_in_pages_that_join_without_gap_or_repeat(office: Office, acme: str) -> None:
    made = [credentials.create(office, acme, name=str(number))["id"] for number in range(7)]
    seen, after = [], ""
    while True:
        page = credentials.list_all(office, acme, page=Page(limit=3, after=after))
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert sorted(seen) == sorted(made)
    assert len(seen) == 7
    for wrong in ("x", "WyJhIl0", "W10", "eyJhIjoxfQ", "MQ", "[" * 50):
        with pytest.raises(ValueError):
            credentials.list_all(office, acme, page=Page(after=wrong))


def _explained(office: Office, *tries: tuple[str, bytes], rule: str = "", key: bool = False) -> dict[str, str]:
    notes = LoginNotes(ManualClock(T0))
    for username, secret in tries:
        notes.failed(username, secret, "192.0.2.7", rule, key=key)
    found = failures.explain(office.control, notes.collect()[0])
    office.control.logins.fail(found)
    return {each.username: each.reason for each in found}


def test_every_failure_has_its_reason(office: Office, acme: str) -> None:
    made = credentials.create(office, acme, name="Shop", username="shop@acme.example")
    name, secret = made["username"], made["password"].encode()
    reasons = [
        (b"wrong", "wrong_password"),
        (secret + b"\r\n", "line_break_in_secret"),
        (b" " + secret, "spaces_around_secret"),
        (made["api_key"].encode(), "key_instead_of_password"),
        (b"Shop", "name_instead_of_secret"),
        (name.encode(), "name_instead_of_secret"),
    ]
    for given, reason in reasons:
        assert _explained(office, (name, given)) == {name: reason}
    assert _explained(office, (name, secret), rule="auth_locked") == {name: "locked"}
    assert _explained(office, (name, secret), rule="auth_network") == {name: "wrong_network"}
    assert _explained(office, ("typo@acme.example", b"x")) == {"typo@acme.example": "unknown_user"}
    assert _explained(office, (secret.decode(), b"x")) == {"(a secret)": "unknown_user"}
    assert _explained(office, ("", b"est_typo"), key=True) == {"": "unknown_key"}
    credentials.revoke(office, made["id"])
    assert _explained(office, (name, secret)) == {name: "revoked"}
    assert _explained(office, ("", made["api_key"].encode()), key=True) == {name: "revoked"}
    told = failures.list_all(office, acme)["items"]
    assert {each["reason"] for each in told} >= {"revoked", "unknown_user", "spaces_around_secret"}
    assert all(each["explanation"] for each in told)
    assert {each["username"] for each in failures.list_all(office)["items"]} > {"(a secret)"}
    tenants.create(office, "Other")
    assert failures.list_all(office, "Other")["items"] == []


def test_failures_of_a_tenant_are_bounded(office: Office, acme: str) -> None:
    many = [
        LoginFailure(tenant=acme, username=f"u{n}", address="192.0.2.1", reason="unknown_user", first=n, last=n)
        for n in range(KEPT + 5)
    ]
    office.control.logins.fail(many)
    office.control.logins.fail(many[-1:])
    kept = failures.list_all(office, acme)["items"]
    assert (len(kept), kept[0]["username"], kept[0]["count"]) == (KEPT, f"u{KEPT + 4}", 2)
    notes = LoginNotes(ManualClock(T0))
    for number in range(MOST + 10):
        notes.failed(str(number), b"x", "192.0.2.1")
    assert (len(notes.collect()[0]), notes.dropped) == (MOST, 10)


def test_rates_hold_over_processes_and_windows(office: Office) -> None:
    clock = 1_700_000_000.0 - 1_700_000_000 % 3600
    one, two = Allowances(), Allowances()
    allowed = Allowance(per_hour=10)
    one.check("c", allowed, 6, clock)
    one.count("c", allowed, 6, clock)
    for process in (one, two):
        process.check("c", allowed, 1, clock)
    for process in (one, two):
        process.windows.learn(office.control.logins.spend(process.windows.take(clock)))
    with pytest.raises(Refusal) as caught:
        two.check("c", allowed, 5, clock + 60)
    assert (caught.value.code, caught.value.retry_after) == (452, 3540)
    two.check("c", allowed, 4, clock + 60)
    two.check("c", allowed, 10, clock + 3600)
    with pytest.raises(Refusal) as caught:
        two.check("c", allowed, 11, clock + 3600)
    assert caught.value.code == 550


def test_what_could_not_be_stored_is_kept(office: Office) -> None:
    book = Allowances()
    allowed = Allowance(per_day=5)
    book.count("c", allowed, 3, T0)
    book.windows.give_back(book.windows.take(T0))
    with pytest.raises(Refusal):
        book.check("c", allowed, 3, T0)
    assert list(office.control.logins.spend(book.windows.take(T0)).values()) == [3]
    assert list(office.control.logins.spend({("c", 86400, int(T0 // 86400) * 86400): 2}).values()) == [5]


def test_processes_that_note_at_once_lose_nothing(office: Office, acme: str) -> None:
    window = ("c", 60, int(T0 // 60) * 60)
    failure = LoginFailure(tenant=acme, username="u", address="192.0.2.1", reason="wrong_password", first=T0, last=T0)

    def note(_: int) -> None:
        office.control.logins.spend({window: 1})
        office.control.logins.fail([failure])

    with ThreadPoolExecutor(4) as processes:
        list(processes.map(note, range(24)))
    assert office.control.logins.spend({window: 0}) == {window: 24}
    assert [each["count"] for each in failures.list_all(office, acme)["items"]] == [24]
