"""People: roles, invitations, log-ins, second factors, mailed links and management keys."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import msgspec
import pyotp
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import Fault
from estafette.model.user import Role
from estafette.store.interface.people import LastOwner
from estafette.store.interface.records import AlreadyThere, Stale
from estafette.tenancy import (
    account,
    audit,
    callers,
    credentials,
    invitations,
    keys,
    letters,
    oidc,
    passwords,
    second_factor,
    sessions,
    tenants,
    users,
)
from estafette.tenancy.bounds import Bounds
from estafette.tenancy.invitations import LinkOver
from estafette.tenancy.office import NotFound, Office
from estafette.tenancy.oidc import NotInvited, Vouched
from estafette.tenancy.passwords import WeakPassword
from estafette.tenancy.permissions import ROLES, Actor, Forbidden, held
from estafette.tenancy.second_factor import WrongCode
from estafette.tenancy.sessions import CodeNeeded, LogInFailed

GOOD = "vert pomme 71 escalier"
BETTER = "une autre phrase assez longue"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same function with little work: what it costs is no part of these tests."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def acme(office: Office) -> str:
    return str(tenants.create(office, "Acme")["id"])


def later(office: Office, seconds: float) -> Office:
    now = office.now() + seconds
    return msgspec.structs.replace(office, now=lambda: now)


def as_actor(office: Office, actor: Actor | None) -> Office:
    assert actor is not None
    return msgspec.structs.replace(office, who=actor)


def token(office: Office) -> str:
    """Return the token in the letter that waits, and take the letter away as the post office does."""
    (letter,) = office.control.people.letters(10)
    office.control.people.remove_letter(letter.id)
    found = re.search(r"/(\w{32})\n", letters.read(office.keyring, letter).text)
    assert found is not None
    return found[1]


def join(office: Office, tenant: str, email: str, role: Role, password: str = GOOD) -> Actor:
    """Invite, accept, log in; return the actor that the session is."""
    invitations.create(office, tenant, email, role)
    invitations.accept(office, token(office), name="Anna", password=password)
    return enter(office, email, password)


def enter(office: Office, email: str, password: str = GOOD, code: str = "") -> Actor:
    opened = sessions.log_in(office, email, password, code)
    actor = callers.by_token(office, str(opened["token"]), "192.0.2.7")
    assert actor is not None
    return actor


def test_an_invitation_makes_its_reader_a_member_once(office: Office, acme: str) -> None:
    made = invitations.create(office, acme, "Anna@Company.example", "developer", language="fr")
    (letter,) = office.control.people.letters(10)
    said = letters.read(office.keyring, letter)
    assert (letter.address, made["status"]) == ("anna@company.example", "pending")
    assert "Acme" in said.subject
    assert f"{office.public_url}/invitations/" in said.text
    key = token(office)
    assert invitations.look(office, key)["new"] is True
    done = invitations.accept(office, key, name="Anna", password=GOOD)
    assert (done["role"], users.show(office, acme, "anna@company.example")["role"]) == ("developer", "developer")
    for again in (invitations.look, invitations.accept):
        with pytest.raises(LinkOver):
            again(office, key)
    assert key not in json.dumps(invitations.list_all(office, acme))


@pytest.mark.parametrize("end", ["revoked", "late", "false"])
def test_an_invitation_that_is_over_lets_nobody_in(office: Office, acme: str, end: str) -> None:
    made = invitations.create(office, acme, "a@company.example", "reader")
    key = token(office)
    at = office
    if end == "revoked":
        assert invitations.revoke(office, acme, str(made["id"]))["status"] == "revoked"
    elif end == "late":
        at = later(office, invitations.LASTS)
    else:
        key = key[:-1] + ("a" if key[-1] != "a" else "b")
    with pytest.raises(LinkOver):
        invitations.accept(at, key, password=GOOD)
    assert users.list_all(office, acme)["items"] == []


def test_who_is_known_joins_a_second_account_with_the_password_there_is(office: Office, acme: str) -> None:
    join(office, acme, "a@company.example", "owner")
    rival = str(tenants.create(office, "Rival")["id"])
    invitations.create(office, rival, "a@company.example", "reader")
    invitations.accept(office, token(office), password="ignored, whatever it is")
    assert enter(office, "a@company.example").roles == {acme: "owner", rival: "reader"}
    with pytest.raises(AlreadyThere):
        invitations.create(office, rival, "a@company.example", "owner")


def test_the_last_owner_stays(office: Office, acme: str) -> None:
    owner = as_actor(office, join(office, acme, "a@company.example", "owner"))
    for act in (
        lambda: users.remove(owner, acme, "a@company.example"),
        lambda: users.update(office, acme, "a@company.example", role="admin"),
        lambda: users.erase(office, "a@company.example"),
        lambda: users.disable(office, "a@company.example"),
    ):
        with pytest.raises(LastOwner):
            act()
    assert users.show(office, acme, "a@company.example")["role"] == "owner"
    join(office, acme, "b@company.example", "owner")
    assert users.remove(owner, acme, "a@company.example")["removed"] is True
    with pytest.raises(LastOwner):
        users.remove(office, acme, "b@company.example")


@pytest.mark.parametrize("role", [role for role in get_args(Role) if role != "owner"])
def test_nobody_gives_more_than_they_hold(office: Office, acme: str, role: Role) -> None:
    join(office, acme, "owner@company.example", "owner")
    who = as_actor(office, join(office, acme, "x@company.example", role))
    mine = held(who.who, acme)
    for wanted in get_args(Role):
        if ROLES[wanted] <= mine:
            continue
        with pytest.raises(Forbidden):
            invitations.create(who, acme, f"{wanted}@company.example", wanted)
        with pytest.raises(Forbidden):
            users.update(who, acme, "x@company.example", role=wanted)
    with pytest.raises(Forbidden):
        users.update(who, acme, "owner@company.example", role="reader")
    with pytest.raises(Forbidden):
        users.remove(who, acme, "owner@company.example")
    for scope in keys.SCOPES - mine:
        with pytest.raises(Forbidden):
            keys.create(who, acme, scopes=[scope])
    for act in (lambda: users.create(who, acme, "y@company.example", "owner"), lambda: users.list_all(who)):
        with pytest.raises(Forbidden):
            act()
    assert not office.control.people.letters(10)


def test_an_admin_cannot_change_even_their_own_role(office: Office, acme: str) -> None:
    who = as_actor(office, join(office, acme, "a@company.example", "admin"))
    with pytest.raises(Forbidden):
        users.update(who, acme, "a@company.example", role="reader")
    assert users.remove(who, acme, "a@company.example")["removed"] is True


def test_a_role_given_and_taken_holds_for_the_sessions_there_are(office: Office, acme: str) -> None:
    join(office, acme, "a@company.example", "developer")
    held_token = str(sessions.log_in(office, "a@company.example", GOOD)["token"])
    for role in ("reader", "admin"):
        users.update(office, acme, "a@company.example", role=role)
        actor = callers.by_token(office, held_token, "")
        assert actor is not None
        assert actor.roles == {acme: role}
    users.remove(office, acme, "a@company.example")
    actor = callers.by_token(office, held_token, "")
    assert actor is not None
    assert actor.roles == {}
    users.disable(office, "a@company.example")
    assert callers.by_token(office, held_token, "") is None
    users.enable(office, "a@company.example")
    assert callers.by_token(office, held_token, "") is not None


def test_a_session_ends_by_log_out_time_and_password(office: Office, acme: str) -> None:
    actor = join(office, acme, "a@company.example", "owner")
    tokens = [str(sessions.log_in(office, "A@company.example ", GOOD)["token"]) for _ in range(3)]
    mine = as_actor(office, callers.by_token(office, tokens[0], ""))
    listed = sessions.list_all(mine, actor.id)["items"]
    assert isinstance(listed, list)
    assert [each["current"] for each in listed].count(True) == 1
    assert len(listed) == 4
    sessions.end(mine, actor.id, mine.who.session)
    assert callers.by_token(office, tokens[0], "") is None
    with pytest.raises(NotFound):
        sessions.end(mine, actor.id, mine.who.session)
    assert callers.by_token(later(office, sessions.LASTS), tokens[1], "") is None
    second = as_actor(office, callers.by_token(office, tokens[1], ""))
    account.change_password(second, users.person(office, actor.id), GOOD, BETTER)
    assert [callers.by_token(office, each, "") is None for each in tokens] == [True, False, True]
    with pytest.raises(LogInFailed):
        sessions.log_in(office, "a@company.example", GOOD)
    with pytest.raises(NotFound):
        sessions.end(second, "somebody else", second.who.session)


def test_a_code_of_the_second_factor_works_once(office: Office, acme: str) -> None:
    actor = join(office, acme, "a@company.example", "owner")
    person = lambda: users.person(office, actor.id)  # noqa: E731
    secret = str(second_factor.begin(office, person())["secret"])
    assert enter(office, "a@company.example").id == actor.id, "it counts only once confirmed"
    code = pyotp.TOTP(secret).at(int(office.now()))
    recovery = second_factor.confirm(office, person(), code)["recovery_codes"]
    with pytest.raises(CodeNeeded):
        sessions.log_in(office, "a@company.example", GOOD)
    with pytest.raises(LogInFailed):
        sessions.log_in(office, "a@company.example", GOOD, code)
    with pytest.raises(LogInFailed):
        sessions.log_in(office, "a@company.example", "wrong", pyotp.TOTP(secret).at(int(office.now()) + 30))
    after = later(office, 60)
    fresh = pyotp.TOTP(secret).at(int(after.now()))
    enter(after, "a@company.example", GOOD, f"{fresh[:3]} {fresh[3:]}")
    for _ in range(2):
        with pytest.raises(LogInFailed):
            sessions.log_in(after, "a@company.example", GOOD, fresh)
    assert isinstance(recovery, list)
    enter(after, "a@company.example", GOOD, recovery[0].upper())
    with pytest.raises(LogInFailed):
        sessions.log_in(after, "a@company.example", GOOD, recovery[0])
    mine = as_actor(after, actor)
    with pytest.raises(WrongCode):
        second_factor.remove(mine, person(), recovery[0])
    second_factor.remove(mine, person(), recovery[1])
    assert enter(after, "a@company.example").id == actor.id
    told = json.dumps(audit.list_all(office))
    assert all(each not in told for each in (secret, code, *recovery))


@pytest.mark.parametrize("code", ["", "12345", "१२३४५६", "000000 or 1", "\0", "9" * 5000])
def test_what_is_no_code_opens_nothing(office: Office, acme: str, code: str) -> None:
    actor = join(office, acme, "a@company.example", "owner")
    secret = str(second_factor.begin(office, users.person(office, actor.id))["secret"])
    second_factor.confirm(office, users.person(office, actor.id), pyotp.TOTP(secret).at(int(office.now())))
    with pytest.raises((LogInFailed, CodeNeeded)):
        sessions.log_in(office, "a@company.example", GOOD, code)


def test_a_password_is_chosen_anew_by_mail_and_every_session_ends(office: Office, acme: str) -> None:
    join(office, acme, "a@company.example", "owner")
    held_token = str(sessions.log_in(office, "a@company.example", GOOD)["token"])
    account.ask_reset(office, "nobody@company.example")
    assert not office.control.people.letters(10)
    account.ask_reset(office, " A@company.example")
    first = token(office)
    account.ask_reset(office, "a@company.example")
    second = token(office)
    with pytest.raises(LinkOver):
        account.reset(office, first, BETTER)
    with pytest.raises(LinkOver):
        account.verify(office, second)
    with pytest.raises(LinkOver):
        account.reset(later(office, account.LASTS["reset"]), second, BETTER)
    with pytest.raises(WeakPassword):
        account.reset(office, second, "password1234")
    assert account.reset(office, second, BETTER) == {"email": "a@company.example"}
    with pytest.raises(LinkOver):
        account.reset(office, second, GOOD)
    assert callers.by_token(office, held_token, "") is None
    enter(office, "a@company.example", BETTER)


def test_an_address_changes_only_when_the_new_one_was_proved(office: Office, acme: str) -> None:
    actor = join(office, acme, "a@company.example", "owner")
    join(office, acme, "b@company.example", "reader")
    mine = as_actor(office, actor)
    account.ask_verify(mine, users.person(office, actor.id), "new@company.example")
    enter(office, "a@company.example")
    account.verify(office, token(office))
    assert enter(office, "new@company.example").id == actor.id
    account.ask_verify(mine, users.person(office, actor.id), "b@company.example")
    with pytest.raises(AlreadyThere):
        account.verify(office, token(office))


def test_a_key_does_what_it_is_for_from_where_it_is_for_and_no_longer(office: Office, acme: str) -> None:
    end = "2023-11-20T00:00:00Z"
    made = keys.create(office, acme, name="ci", scopes=["read", "people"], only_from=["192.0.2.0/24"], expires=end)
    secret = str(made["key"])
    actor = callers.by_token(office, secret, "192.0.2.9")
    assert actor is not None
    assert held(actor, acme) == {"read", "people"}
    assert callers.by_token(office, secret, "::ffff:192.0.2.9") is not None
    for elsewhere in ("198.51.100.1", "", "2001:db8::1"):
        assert callers.by_token(office, secret, elsewhere) is None
    assert callers.by_token(later(office, 10 * 86400), secret, "192.0.2.9") is None
    program = as_actor(office, actor)
    with pytest.raises(Forbidden):
        invitations.create(program, acme, "x@company.example", "owner")
    with pytest.raises(Forbidden):
        keys.create(program, acme, scopes=["read"])
    keys.revoke(office, acme, str(made["id"]))
    assert callers.by_token(office, secret, "192.0.2.9") is None
    assert secret not in json.dumps([keys.list_all(office, acme), audit.list_all(office)])


def test_credentials_of_a_test_key_reach_its_recipients_only(office: Office, acme: str) -> None:
    wide = str(credentials.create(office, acme)["id"])
    made = keys.create(office, acme, scopes=["credentials"], recipients=["qa.example", "me@company.example"])
    program = as_actor(office, callers.by_token(office, str(made["key"]), ""))
    mine = credentials.create(program, acme)
    assert mine["recipients"] == ["qa.example", "me@company.example"]
    one = credentials.create(program, acme, limits=Bounds(recipients=["x@qa.example"]))
    for act in (
        lambda: credentials.create(program, acme, limits=Bounds(recipients=["a@company.example"])),
        lambda: credentials.update(program, str(one["id"]), limits=Bounds(recipients=[])),
        lambda: credentials.rotate(program, wide),
        lambda: credentials.update(program, wide, new_name="x"),
    ):
        with pytest.raises(Forbidden):
            act()
    assert credentials.rotate(program, str(mine["id"]))["password"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": ["tenants"]},
        {"scopes": ["read", "people"], "recipients": ["a@x.example"]},
        {"scopes": ["send"]},
        {"scopes": ["read"], "only_from": ["192.0.2.1/24"]},
        {"scopes": ["read"], "expires": "2020-01-01T00:00:00Z"},
        {"scopes": ["read"], "recipients": ["no address"]},
    ],
)
def test_a_key_that_makes_no_sense_is_refused(office: Office, acme: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(Fault):
        keys.create(office, acme, **wrong)
    assert keys.list_all(office, acme)["items"] == []


def test_a_provider_lets_in_whom_it_vouches_for_by_proved_address_once(office: Office, acme: str) -> None:
    actor = join(office, acme, "a@company.example", "owner")
    claims = Vouched(issuer="https://id.example", subject="7", email="A@company.example", email_verified=True)
    for stranger in (
        msgspec.structs.replace(claims, email_verified=False),
        msgspec.structs.replace(claims, email="z@company.example"),
        msgspec.structs.replace(claims, email=""),
    ):
        with pytest.raises(NotInvited):
            oidc.user_of(office, stranger)
    assert oidc.user_of(office, claims).id == actor.id
    assert oidc.user_of(office, Vouched(issuer="https://id.example", subject="7")).id == actor.id
    with pytest.raises(NotInvited):
        oidc.user_of(office, Vouched(issuer="https://other.example", subject="7"))


@pytest.mark.parametrize(
    "password", ["short", "password1234", "P4ssw0rd!!!!", "motdepasse2024", "azertyazerty", "1234567890", "anna.company9",
                 "aaaaaaaaaaaaaaaa", "x" * 600, "companycompany"]
)  # fmt: skip
def test_passwords_that_are_guessed_first_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        passwords.check(password, "anna.company9@company.example")


@given(st.text(max_size=600))
def test_any_text_is_a_password_or_is_refused(password: str) -> None:
    try:
        passwords.check(password, "anna@company.example")
    except WeakPassword:
        return
    assert passwords.SHORTEST <= len(password) <= passwords.LONGEST


def test_a_change_to_what_changed_meanwhile_is_refused(office: Office, acme: str) -> None:
    join(office, acme, "a@company.example", "owner")
    made = users.show(office, acme, "a@company.example")
    join(office, acme, "b@company.example", "reader")
    seen = msgspec.structs.replace(office, expected=int(str(made["version"])) - 1)
    with pytest.raises(Stale):
        users.update(seen, acme, "b@company.example", role="admin")


def test_a_client_of_an_agency_never_learns_of_it(office: Office, acme: str) -> None:
    client = str(tenants.create(office, "Client", parent="Acme")["id"])
    sibling = str(tenants.create(office, "Sibling", parent="Acme")["id"])
    inside = as_actor(office, join(office, client, "c@client.example", "owner"))
    agent = join(office, acme, "a@company.example", "admin")
    assert held(tenants.within(agent, office.tenant(client)), client) >= {"people", "credentials"}
    for role in ("developer", "marketer", "billing", "reader"):
        users.create(office, acme, f"{role}@company.example", role)
        found = Actor(kind="user", id="", name="", roles={acme: role})
        assert not held(tenants.within(found, office.tenant(client)), client)
    for above in (acme, sibling):
        assert not held(tenants.within(inside.who, office.tenant(above)), above)
    told = json.dumps([tenants.show(inside, client), users.list_all(inside, client)])
    assert acme not in told
    assert "company.example" not in told


def test_secrets_stay_out_of_every_list_and_of_the_audit(office: Office, acme: str) -> None:
    join(office, acme, "a@company.example", "owner")
    opened = sessions.log_in(office, "a@company.example", GOOD)
    held_key = keys.create(office, acme, scopes=["read"])["key"]
    password = users.create(office, acme, "b@company.example", "reader")["password"]
    secret = credentials.create(office, acme)["password"]
    told = json.dumps([audit.list_all(office), users.list_all(office), users.list_all(office, acme)])
    assert not [each for each in (opened["token"], held_key, password, secret, "argon2", GOOD) if str(each) in told]
