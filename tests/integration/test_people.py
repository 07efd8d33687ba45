"""A person's way in, over real processes: invitation by mail, log-in with a second factor, revocation; log-in by OIDC."""

import email
import re
import time
import urllib.request
from email.policy import SMTP

import pyotp
import pytest
from tests.servers.browser import Browser
from tests.servers.companies import Api
from tests.servers.oidc import OidcProvider
from tests.servers.service import Service

PASSWORD = "vert pomme 71 escalier"
WITHIN = 5.0


@pytest.fixture
def service(folder, certificates, dns, postfix):
    with Service(
        folder / "service", certificates, dns=dns.at, mx_port=postfix.port, settings={"runtime": {"web": 2}}
    ) as made:
        made.operator = made.cli("init")["api_key"]
        made.cli("tenant", "create", "Acme")
        yield made


def mailed(service, postfix, count):
    """Return the page of the newest letter's link, on the public listener."""
    text = [
        email.message_from_bytes(each, policy=SMTP).get_body(("plain",)).get_content() for each in postfix.wait(count)
    ]
    paths = {found for each in text for found in re.findall(r"https://\S+(/\w+/\w{32})", each)}
    return {f"http://{service.address}:{service.public}{path}" for path in paths}


def public(service, path):
    return f"http://{service.address}:{service.http}{path}"


def log_in(service, address, code=""):
    return Api(service, "").ask(
        "POST", "/v1/session", {"email": address, "password": PASSWORD, "code": code}
    )  # fmt: skip


def status_of(service, token):
    request = urllib.request.Request(public(service, "/v1/session"), headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_invited_joined_with_a_second_factor_and_out_again_everywhere(service, postfix):
    service.cli("user", "invite", "anna@example.test", "--tenant", "Acme", "--role", "owner", "--language", "fr")
    service.start()
    (page,) = mailed(service, postfix, 1)
    browser = Browser("fr")
    for _ in range(3):
        shown = browser.get(page)
        assert (shown.status, "Rejoindre Acme" in shown.text) == (200, True), shown.text
    assert "<script" not in shown.text
    assert browser.post(page, name="Anna", password="motdepasse123").status == 422
    assert browser.post(page, name="Anna", password=PASSWORD).status == 200
    assert (browser.get(page).status, browser.post(page, name="Anna", password=PASSWORD).status) == (410, 410)

    status, opened = log_in(service, "anna@example.test")
    assert status == 201, opened
    anna = Api(service, opened["token"])
    secret = anna.do("POST", "/v1/session/factor")["secret"]
    codes = anna.do("POST", "/v1/session/factor/confirm", {"code": pyotp.TOTP(secret).now()})["recovery_codes"]
    assert log_in(service, "anna@example.test")[1]["code"] == "code_needed"
    status, second = log_in(service, "anna@example.test", codes[0])
    assert status == 201, second
    assert log_in(service, "anna@example.test", codes[0])[0] == 401

    acme = next(iter(anna.do("GET", "/v1/session")["roles"]))
    anna.do("POST", f"/v1/tenants/{acme}/invitations", {"email": "bob@example.test", "role": "developer"})
    (other,) = mailed(service, postfix, 2) - {page}
    assert Browser().post(other, name="Bob", password=PASSWORD).status == 200
    bob = Api(service, log_in(service, "bob@example.test")[1]["token"])
    status, refused = bob.ask("POST", f"/v1/tenants/{acme}/invitations", {"email": "c@example.test", "role": "owner"})
    assert (status, refused["code"]) == (403, "forbidden")
    assert anna.ask("DELETE", f"/v1/users/{opened['user']}?tenant={acme}")[1]["code"] == "last_owner"

    service.cli("user", "logout", "anna@example.test")
    ends = time.monotonic() + WITHIN
    while {status_of(service, token) for token in (opened["token"], second["token"]) for _ in range(4)} - {401, 429}:
        assert time.monotonic() < ends
    acts = [each["action"] for each in service.cli("audit", "list", "--tenant", "Acme")["items"]]
    assert acts.count("invitation.accept") == 2


def test_a_provider_lets_a_known_person_in(folder, certificates, dns, postfix):
    people = {
        "1": {"email": "anna@example.test", "email_verified": True},
        "2": {"email": "anna@example.test", "email_verified": False},
        "3": {"email": "stranger@example.test", "email_verified": True},
    }
    with OidcProvider(people) as provider:
        section = {"oidc.mock": {"issuer": provider.issuer, "client_id": "estafette", "client_secret": "s3cret"}}
        with Service(folder / "service", certificates, dns=dns.at, mx_port=postfix.port, settings=section) as service:
            service.cli("init")
            service.cli("tenant", "create", "Acme")
            service.cli("user", "create", "anna@example.test", "--tenant", "Acme", "--role", "owner")
            service.start()
            assert "/login/with/mock" in Browser().get(public(service, "/login")).text
            found = {}
            for subject in people:
                browser = Browser()
                place = browser.get(public(service, "/login/with/mock")).headers["Location"]
                assert "code_challenge_method=S256" in place
                back = provider.agree(place, subject)
                assert Browser().get(back).status == 401, "a browser that did not begin it is let in by nobody's code"
                found[subject] = browser.get(back).status
                assert browser.get(back).status in {401, 403}, "a code and a state work once"
                if found[subject] == 303:
                    assert "anna@example.test" in browser.get(public(service, "/account")).text
            assert found == {"1": 303, "2": 403, "3": 403}
